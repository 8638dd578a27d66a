// SPDX-License-Identifier: MIT
import { unsuitable } from "./guest-text.ts";
import { IniText } from "./ini-text.ts";

/** A program that Windows runs at its start, and its parameters. */
export interface StartupScript {
  readonly commandLine: string;
  readonly parameters: string;
}

const SECTION = "Startup";

/** Start-up scripts of a scripts.ini in the order in which Windows runs them (MS-GPSCR 2.2.2). */
export function startupScripts(text: string): StartupScript[] {
  // Backwards, so that of two entries of one name the first counts.
  const entries = new IniText(text).entries(SECTION).toReversed();
  const values = new Map(entries.map(({ key, value }) => [key.toUpperCase(), value]));
  const scripts: StartupScript[] = [];
  for (;;) {
    const commandLine = values.get(`${scripts.length}CMDLINE`);
    if (commandLine === undefined) return scripts;
    scripts.push({ commandLine, parameters: values.get(`${scripts.length}PARAMETERS`) ?? "" });
  }
}

/**
 * Adds a start-up script behind those of a scripts.ini, which may be empty. All else stays as it is.
 *
 * Throws TRIGGER_FILE_UNSUITABLE where scripts are numbered with a gap: Windows does not run those behind it, and would
 * with the gap filled.
 */
export function addStartupScript(text: string, { commandLine, parameters }: StartupScript): string {
  const ini = new IniText(text);
  const index = startupScripts(text).length;
  const numbers = ini
    .entries(SECTION)
    .flatMap(({ key }) => /^(\d+)(?:CmdLine|Parameters)$/i.exec(key)?.[1] ?? []);
  const beyond = numbers.find((number) => Number(number) >= index);
  if (beyond !== undefined) {
    throw unsuitable(`it has a start-up script ${beyond}, and none with the number ${index}`);
  }
  ini.set(SECTION, `${index}CmdLine`, commandLine);
  ini.set(SECTION, `${index}Parameters`, parameters);
  return ini.text;
}
