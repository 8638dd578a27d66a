// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import type { SetupState } from "../facts.ts";
import { COMMAND_LENGTH_MAX, isArmedCommand } from "../staging/trigger-sign.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";
import { judgeSetup, type SetupSigns } from "./setup-state.ts";
import { decodeText } from "./text-file.ts";

const IMAGE_STATE_KEY = "Microsoft\\Windows\\CurrentVersion\\Setup\\State";

/** State.ini is two lines long; nothing that matters stands further down. */
const STATE_FILE_SIZE_MAX = 4096;

/** Reads the signs of the setup state and judges them. */
export function readSetupState(guest: GuestReader, version: string | null, log: FindingLog): SetupState {
  const { state, conflict, armedCommand } = judgeSetup(readSigns(guest, version, log));
  const path = guest.system.key("Setup").where();
  if (conflict !== undefined) log.add(finding("SETUP_STATE_CONFLICT", conflict, { path }));
  // That of a staged update is told with the staging.
  if (armedCommand !== undefined && !isArmedCommand(armedCommand)) {
    const message = `a command runs before the next logon: ${armedCommand}`;
    log.add(finding("SETUP_COMMAND_ARMED", message, { path: `${path}\\CmdLine` }));
  }
  return state;
}

function readSigns(guest: GuestReader, version: string | null, log: FindingLog): SetupSigns {
  const setup = guest.system.key("Setup");
  const status = setup.subkey("Status");
  const isNt5 = version?.startsWith("5.") === true;
  const imageState = guest.software.key(IMAGE_STATE_KEY).text("ImageState");
  return {
    isNt5,
    imageState,
    stateFile: isNt5 ? undefined : readStateFile(guest, log),
    setupType: setup.number("SetupType"),
    commandLine: setup.text("CmdLine", COMMAND_LENGTH_MAX),
    systemSetupInProgress: setup.number("SystemSetupInProgress"),
    oobeInProgress: setup.number("OOBEInProgress"),
    auditInProgress: setup.number("AuditInProgress"),
    auditBoot: status.number("AuditBoot"),
    generalizationState: status.subkey("SysprepStatus").number("GeneralizationState"),
    sysprepSucceeded: imageState === undefined && !isNt5 && hasSysprepTag(guest, log),
  };
}

function readStateFile(guest: GuestReader, log: FindingLog): string | undefined {
  const path = guest.pathOf("Setup/State/State.ini");
  const text = log.attempt(
    { path },
    () => {
      const source = guest.findFile(path)?.open();
      return source === undefined
        ? ""
        : decodeText(source.read(0, Math.min(source.sizeBytes, STATE_FILE_SIZE_MAX)));
    },
    "",
  );
  return /^\s*ImageState\s*=\s*(\w{1,64})\s*$/im.exec(text)?.[1];
}

function hasSysprepTag(guest: GuestReader, log: FindingLog): boolean {
  const path = guest.pathOf("System32/Sysprep/Sysprep_succeeded.tag");
  return log.attempt({ path }, () => guest.findFile(path) !== undefined, false);
}
