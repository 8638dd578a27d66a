// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { Hive } from "./hive.ts";

/** A control set of a SYSTEM hive. */
export interface ControlSet {
  /** Name of the key below the root: `ControlSet001`. */
  readonly name: string;
  /** Whether the hive does not say that this control set is the current one. */
  readonly isGuessed: boolean;
}

/** In this order: what Windows last started with, what it starts with next, and what it last started well with. */
const SELECT_VALUES = ["Current", "Default", "LastKnownGood"] as const;

/**
 * The control set of a SYSTEM hive that stands for CurrentControlSet, which exists only while Windows runs.
 *
 * `Select\Current` names it. Where that value is missing or names no key, the other values of `Select` are tried, then
 * the only control set there is. Throws NOT_FOUND where that leads nowhere.
 */
export function currentControlSet(system: Hive): ControlSet {
  const select = system.find("Select");
  for (const value of SELECT_VALUES) {
    const number = select?.value(value)?.number();
    const key = number === undefined ? undefined : system.find(controlSetName(number));
    if (key !== undefined) return { name: key.name, isGuessed: value !== "Current" };
  }
  const names = [...system.root.subkeysStartingWith("ControlSet")]
    .map(({ name }) => name)
    .filter(isControlSet);
  const [only] = names;
  if (only !== undefined && names.length === 1) return { name: only, isGuessed: true };
  const found =
    names.length === 0
      ? "there is no control set"
      : `Select names none of ${names.slice(0, NAMES_SHOWN).join(", ")}`;
  throw new VmguestError("NOT_FOUND", found, { structure: "control set" });
}

/** Windows keeps two to four control sets; a thousand of them would make no message. */
const NAMES_SHOWN = 8;

function controlSetName(number: number): string {
  return `ControlSet${number.toString().padStart(3, "0")}`;
}

function isControlSet(name: string): boolean {
  return /^ControlSet\d{3}$/i.test(name);
}
