// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FindingLog } from "../windows/finding-log.ts";
import type { GuestReader } from "../windows/guest-reader.ts";
import { decodeText } from "../windows/text-file.ts";
import { armedCommandLine, scriptPath } from "./armed-command.ts";
import type { StagingJob } from "./job.ts";

/** Whether the trigger of a job would start its script. */
export interface TriggerSign {
  readonly state: "armed" | "idle" | "by-hand";
  /** The same for people, with its place. */
  readonly text: string;
}

const SETUP_KEY = "Setup";
const RUN_ONCE_KEY = "Microsoft\\Windows\\CurrentVersion\\RunOnce";
const SETUP_COMPLETE = "Setup/Scripts/SetupComplete.cmd";
const GPT_INI = "System32/GroupPolicy/gpt.ini";
const SCRIPTS_INI = "System32/GroupPolicy/Machine/Scripts/scripts.ini";

/** The client-side extension that runs scripts (MS-GPSCR 1.9). */
const SCRIPTS_EXTENSION = "{42B5FAAE-6536-11D2-AE5A-0000F87571E3}";

/** Winlogon's own limit: a command of setup mode is never longer. */
export const COMMAND_LENGTH_MAX = 260;

const RUN_ONCE_NAME = "vmguest";

/** Scripts that administrators write are a few lines; our line stands first. */
const SCRIPT_FILE_SIZE_MAX = 64 * 1024;

/** Looks for the trigger that a job names. */
export function readTriggerSign(guest: GuestReader, job: StagingJob, log: FindingLog): TriggerSign {
  const script = scriptPath(job.systemRoot);
  switch (job.trigger) {
    case "setup-mode":
      return readSetupMode(guest, script);
    case "run-once":
      return readRunOnce(guest, script);
    case "setup-complete":
      return readSetupComplete(guest, script, log);
    case "group-policy":
      return readGroupPolicy(guest, script, log);
    case "stage-only":
      return { state: "by-hand", text: `${script} is run by hand` };
  }
}

/** The command of setup mode, as far as it is read; undefined where setup mode is not set. */
export function readSetupCommand(guest: GuestReader): string | undefined {
  const setup = guest.system.key(SETUP_KEY);
  return (setup.number("SetupType") ?? 0) === 0 ? undefined : setup.text("CmdLine", COMMAND_LENGTH_MAX);
}

/** Whether a command of setup mode is vmguest's, to the letter: one with anything added is somebody else's. */
export function isArmedCommand(commandLine: string): boolean {
  const [, systemRoot] = /^([A-Z]:\\[A-Za-z0-9_]+)\\System32\\cmd\.exe /.exec(commandLine) ?? [];
  if (systemRoot === undefined) return false;
  try {
    return commandLine === armedCommandLine(systemRoot);
  } catch (error) {
    if (error instanceof VmguestError) return false;
    throw error;
  }
}

function readSetupMode(guest: GuestReader, script: string): TriggerSign {
  const setup = guest.system.key(SETUP_KEY);
  const where = setup.where("CmdLine");
  const command = readSetupCommand(guest);
  if (command === undefined)
    return { state: "idle", text: `setup mode is not set (${setup.where("SetupType")})` };
  return mentions(command, script)
    ? { state: "armed", text: `setup mode runs the script at the next start (${where})` }
    : { state: "idle", text: `setup mode runs another command (${where})` };
}

function readRunOnce(guest: GuestReader, script: string): TriggerSign {
  const key = guest.software.key(RUN_ONCE_KEY);
  const where = key.where(RUN_ONCE_NAME);
  return mentions(key.text(RUN_ONCE_NAME) ?? "", script)
    ? { state: "armed", text: `the next logon runs the script (${where})` }
    : { state: "idle", text: `the next logon does not run the script (${where})` };
}

function readSetupComplete(guest: GuestReader, script: string, log: FindingLog): TriggerSign {
  return hasLine(guest, SETUP_COMPLETE, script, log)
    ? { state: "armed", text: `Windows Setup runs the script as it ends (${guest.pathOf(SETUP_COMPLETE)})` }
    : {
        state: "idle",
        text: `no line of SetupComplete.cmd runs the script (${guest.pathOf(SETUP_COMPLETE)})`,
      };
}

/** Windows looks at the scripts only where gpt.ini names the extension that runs them. */
function readGroupPolicy(guest: GuestReader, script: string, log: FindingLog): TriggerSign {
  if (!hasLine(guest, SCRIPTS_INI, script, log)) {
    return { state: "idle", text: `no start-up script is ours (${guest.pathOf(SCRIPTS_INI)})` };
  }
  return hasLine(guest, GPT_INI, SCRIPTS_EXTENSION, log)
    ? {
        state: "armed",
        text: `local group policy runs the script at the start (${guest.pathOf(SCRIPTS_INI)})`,
      }
    : {
        state: "idle",
        text: `local group policy does not say that it has scripts (${guest.pathOf(GPT_INI)})`,
      };
}

/** Whether a batch or ini file of Windows has a line with a text, which is no comment. */
function hasLine(guest: GuestReader, name: string, text: string, log: FindingLog): boolean {
  const path = guest.pathOf(name);
  const content = log.attempt(
    { path },
    () => {
      const source = guest.findFile(path)?.open();
      return source === undefined
        ? ""
        : decodeText(source.read(0, Math.min(source.sizeBytes, SCRIPT_FILE_SIZE_MAX)));
    },
    "",
  );
  return content.split(/\r?\n/).some((line) => !COMMENT.test(line) && mentions(line, text));
}

const COMMENT = /^\s*(?:@?rem\b|::|;)/i;

const mentions = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
