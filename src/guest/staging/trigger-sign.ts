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
const SCRIPTS_INI = "System32/GroupPolicy/Machine/Scripts/scripts.ini";

/** Winlogon's own limit: a command of setup mode is never longer. */
export const COMMAND_LENGTH_MAX = 260;

/** Values of RunOnce that are looked at; it is emptied at every logon. */
const RUN_ONCE_NAMES = ["vmguest", "!vmguest", "*vmguest"];

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
      return readScriptFile(guest, SETUP_COMPLETE, script, log);
    case "group-policy":
      return readScriptFile(guest, SCRIPTS_INI, script, log);
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
  return namesScript(command, script)
    ? { state: "armed", text: `setup mode runs the script at the next start (${where})` }
    : { state: "idle", text: `setup mode runs another command (${where})` };
}

function readRunOnce(guest: GuestReader, script: string): TriggerSign {
  const key = guest.software.key(RUN_ONCE_KEY);
  const name = RUN_ONCE_NAMES.find((one) => namesScript(key.text(one) ?? "", script));
  if (name === undefined) return { state: "idle", text: `RunOnce does not name the script (${key.where()})` };
  return { state: "armed", text: `the next logon of an administrator runs the script (${key.where(name)})` };
}

/** A batch or ini file that Windows itself runs, which has a line with our script in it. */
function readScriptFile(guest: GuestReader, name: string, script: string, log: FindingLog): TriggerSign {
  const path = guest.pathOf(name);
  const text = log.attempt(
    { path },
    () => {
      const source = guest.findFile(path)?.open();
      return source === undefined
        ? ""
        : decodeText(source.read(0, Math.min(source.sizeBytes, SCRIPT_FILE_SIZE_MAX)));
    },
    "",
  );
  const isArmed = text
    .split(/\r?\n/)
    .some((line) => !/^\s*(@?rem\b|::|;)/i.test(line) && namesScript(line, script));
  return isArmed
    ? {
        state: "armed",
        text: `Windows runs the script from ${name.slice(name.lastIndexOf("/") + 1)} (${path})`,
      }
    : { state: "idle", text: `no line names the script (${path})` };
}

const namesScript = (text: string, script: string) => text.toLowerCase().includes(script.toLowerCase());
