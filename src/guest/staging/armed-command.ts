// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { STAGING_FILES, STAGING_FOLDER } from "./names.ts";
import { PLAIN_SYSTEM_ROOT } from "./system-root.ts";

/** Winlogon reads its command into a buffer of MAX_PATH characters, the terminating zero among them. */
const COMMAND_LINE_MAX = 259;

/** The first-boot script as the guest calls it. Throws STAGE_SYSTEM_ROOT for a folder that may not stand in a command. */
export function scriptPath(systemRoot: string): string {
  if (!PLAIN_SYSTEM_ROOT.test(systemRoot)) throw unfitRoot(systemRoot, "is no plain folder on a drive");
  return `${systemRoot}\\${STAGING_FOLDER.replaceAll("/", "\\")}\\${STAGING_FILES.script}`;
}

/** Runs the script where it still is; the one thing that every trigger does. */
const runIfThere = (systemRoot: string) =>
  `if exist ${scriptPath(systemRoot)} call ${scriptPath(systemRoot)}`;

/**
 * What `SYSTEM\Setup`, value `CmdLine`, holds while setup mode is armed.
 *
 * Winlogon runs it as it stands. It takes its own trigger back before it looks for the script: with the script lost it is
 * one run of cmd.exe, and neither it nor a restart that had been asked for comes again. `SetupType` is set, never deleted:
 * Windows stops with bug check 0x9A where it is missing.
 *
 * Throws STAGE_SYSTEM_ROOT where the folder may not stand in a command, or makes this one too long for Winlogon.
 */
export function armedCommandLine(systemRoot: string): string {
  const command = [
    `${systemRoot}\\System32\\cmd.exe /d /c reg.exe add HKLM\\SYSTEM\\Setup /v SetupType /t REG_DWORD /d 0 /f`,
    "reg.exe delete HKLM\\SYSTEM\\Setup /v SetupShutdownRequired /f",
    runIfThere(systemRoot),
  ].join(" & ");
  if (command.length > COMMAND_LINE_MAX) {
    throw unfitRoot(
      systemRoot,
      `makes a command of ${command.length} characters, more than ${COMMAND_LINE_MAX}`,
    );
  }
  return command;
}

/**
 * An entry of `scripts.ini`: the program and its parameters. The script goes on by itself (`start /b`), since Windows ends
 * start-up scripts after ten minutes.
 */
export function groupPolicyCommand(systemRoot: string): {
  readonly commandLine: string;
  readonly parameters: string;
} {
  const script = scriptPath(systemRoot);
  const shell = `${systemRoot}\\System32\\cmd.exe`;
  return { commandLine: shell, parameters: `/d /c if exist ${script} start /b ${shell} /d /c ${script}` };
}

/** Lines for `SetupComplete.cmd`, to stand before any other: what comes after them runs as before. */
export function setupCompleteLines(systemRoot: string): readonly string[] {
  return ["@rem vmguest: installs the staged integration services", `@${runIfThere(systemRoot)}`];
}

/** Data of a value of the RunOnce key. */
export function runOnceCommand(systemRoot: string): string {
  return `${systemRoot}\\System32\\cmd.exe /d /c ${runIfThere(systemRoot)}`;
}

const unfitRoot = (systemRoot: string, why: string) =>
  new VmguestError("STAGE_SYSTEM_ROOT", `the folder ${JSON.stringify(systemRoot.slice(0, 80))} ${why}`, {
    structure: "command line",
  });
