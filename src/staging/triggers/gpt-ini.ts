// SPDX-License-Identifier: MIT
import { unsuitable } from "./guest-text.ts";
import { IniText } from "./ini-text.ts";

/** The client-side extension for scripts, and the editor's own part for the scripts of a computer (MS-GPSCR 1.9). */
const SCRIPTS_EXTENSION = "{42B5FAAE-6536-11D2-AE5A-0000F87571E3}";
const SCRIPTS_TOOL = "{40B6664F-4972-11D1-A7CA-0000F87571E3}";

const GUID = "\\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\\}";
const EXTENSION_GROUP = new RegExp(`\\[((?:${GUID})+)\\]`, "g");
const EXTENSION_LIST = new RegExp(`^(?:\\[(?:${GUID})+\\])*$`);

const SECTION = "General";
const EXTENSIONS = "gPCMachineExtensionNames";

/** Bit of `Options` that turns off the part for the computer (GPO_OPTION_DISABLE_MACHINE). */
const MACHINE_DISABLED = 2;

/** The low half of the version counts the changes for the computer, the high half those for users (MS-GPOL 2.2.4). */
const HALF = 0x1_0000;

/** Whether a gpt.ini says that nothing of it is for the computer. */
export function machinePartIsOff(text: string): boolean {
  const options = readNumber(new IniText(text), "Options");
  return (options & MACHINE_DISABLED) !== 0;
}

/** Whether a gpt.ini names the extension that processes scripts, and so scripts.ini is looked at. */
export function namesScripts(text: string): boolean {
  const groups = readGroups(new IniText(text));
  return groups.some(([extension = ""]) => extension.toUpperCase() === SCRIPTS_EXTENSION);
}

/**
 * Makes a gpt.ini, which may be empty, say that there are scripts for the computer and that they changed. All else stays
 * as it is. Throws TRIGGER_FILE_UNSUITABLE where it has values of another form than Windows gives them.
 */
export function announceScripts(text: string): string {
  const ini = new IniText(text);
  if (ini.get(SECTION, "gPCFunctionalityVersion") === undefined) {
    ini.set(SECTION, "gPCFunctionalityVersion", "2");
  }
  if (!namesScripts(text)) {
    const groups = [...readGroups(ini), [SCRIPTS_EXTENSION, SCRIPTS_TOOL]];
    // Windows keeps the extensions in the order of their GUIDs.
    groups.sort(([one = ""], [other = ""]) => compare(one.toUpperCase(), other.toUpperCase()));
    ini.set(SECTION, EXTENSIONS, groups.map((group) => `[${group.join("")}]`).join(""));
  }
  ini.set(SECTION, "Version", String(nextVersion(readNumber(ini, "Version"))));
  return ini.text;
}

/** A version whose half for the computer is 0 says that there is nothing for it, so that half never becomes 0. */
function nextVersion(version: number): number {
  const machine = version % HALF;
  return version - machine + (machine === HALF - 1 ? 1 : machine + 1);
}

function readGroups(ini: IniText): string[][] {
  const list = ini.get(SECTION, EXTENSIONS) ?? "";
  if (!EXTENSION_LIST.test(list)) throw unsuitable(`${EXTENSIONS} is no list of extensions`);
  return [...list.matchAll(EXTENSION_GROUP)].map(
    ([, group = ""]) => group.match(new RegExp(GUID, "g")) ?? [],
  );
}

function readNumber(ini: IniText, key: string): number {
  const text = ini.get(SECTION, key) ?? "0";
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= 0xffff_ffff) return number;
  throw unsuitable(`${key} is no number of 32 bits`);
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
