// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { AnyCommand, Option, RawArguments } from "./command.ts";

/** The arguments as the command's `run` takes them, from what either parser read. Throws USAGE. */
export function checkArguments(command: AnyCommand, raw: RawArguments): Record<string, unknown> {
  const checked: Record<string, unknown> = {};
  for (const [name, { isMany }] of Object.entries(command.positionals)) {
    // yargs gives a list of one that is nothing for words that may be left out, and are.
    checked[name] = isMany ? [raw[name] ?? []].flat().filter((word) => word !== undefined) : raw[name];
  }
  for (const [name, option] of Object.entries(command.options)) {
    checked[name] = checkOption(name, option, raw[name]);
  }
  return checked;
}

function checkOption(name: string, option: Option, given: RawArguments[string]): unknown {
  if (option.kind === "flag") return given === true;
  if (given === undefined && option.kind === "list") return [];
  const stated = given ?? option.default;
  if (stated === undefined) return undefined;
  const values = (Array.isArray(stated) ? stated : [stated]).map(String);
  if (option.kind === "list") return values.flatMap(splitAtCommas).map(checkValue(name, option));
  const [value = "", ...others] = values;
  if (others.length > 0) throw new VmguestError("USAGE", `--${name} is given ${values.length} times`);
  checkValue(name, option)(value);
  return option.kind === "number" ? checkNumber(name, value) : value;
}

/** The commas in the braces of a pattern (`*.{vhdx,vhd}`) belong to the pattern. */
function splitAtCommas(value: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of value) {
    if (character === "{") depth++;
    if (character === "}") depth--;
    if (character === "," && depth <= 0) parts.push("");
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts;
}

function checkValue(name: string, { choices }: Option): (value: string) => string {
  return (value) => {
    if (value === "") throw new VmguestError("USAGE", `--${name} needs a value`);
    if (choices === undefined || choices.includes(value)) return value;
    throw new VmguestError("USAGE", `--${name} takes ${choices.join(", ")}, not "${value}"`);
  };
}

function checkNumber(name: string, value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new VmguestError("USAGE", `--${name} takes a whole number, not "${value}"`);
}
