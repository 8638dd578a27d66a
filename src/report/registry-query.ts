// SPDX-License-Identifier: MIT
import { makeJsonVisible, makeVisible } from "./visible-text.ts";

/** What is asked of a guest's registry, `registry query --format json`. */
export interface RegistryListing {
  readonly schema: "vmguest.registry/1";
  readonly image: string;
  /** Index of the volume. */
  readonly volume: number;
  /** The hive's file on the volume. */
  readonly hive: string;
  /** The control set that stands for CurrentControlSet; null outside of SYSTEM. */
  readonly controlSet: string | null;
}

/** A key with what was asked of it. */
export interface RegistryKey {
  /** From the root, `HKEY_LOCAL_MACHINE\SOFTWARE\...`, spelled as in the hive. */
  readonly path: string;
  /** ISO 8601; null where the time is none that a calendar has. */
  readonly lastWritten: string | null;
  readonly values: readonly RegistryValue[];
  /** Names; empty where only values were asked for. */
  readonly subkeys: readonly string[];
}

export interface RegistryValue {
  /** Empty for the default value. */
  readonly name: string;
  /** `REG_SZ` and so on. */
  readonly type: string;
  /**
   * Text of the text types, texts of REG_MULTI_SZ, a number for REG_DWORD, `0x` and hexadecimal digits for REG_QWORD (which
   * may be more than JSON's numbers hold), and the bytes in hexadecimal for all others and for what is malformed.
   */
  readonly data: string | number | readonly string[];
}

/**
 * A key as Windows' own REG QUERY prints it: its path and a line for each value, then the paths of its subkeys. A key
 * without values is only told by its subkeys, where it has any.
 */
export function formatRegistryKey({ path, values, subkeys }: RegistryKey): string {
  const head = makeVisible(path);
  const hasOwnLines = values.length > 0 || subkeys.length === 0;
  const own = hasOwnLines ? [head, ...values.map(formatValue), ""] : [];
  const below = subkeys.map((name) => `${head}\\${makeVisible(name)}`);
  return [...own, ...below].map((line) => `${line}\n`).join("");
}

function formatValue({ name, type, data }: RegistryValue): string {
  const label = name === "" ? "(Default)" : makeVisible(name);
  return `    ${label}    ${type}    ${formatData(data)}`;
}

/** Numbers in hexadecimal, and `\0` between the texts of a REG_MULTI_SZ, as REG QUERY has them. */
function formatData(data: RegistryValue["data"]): string {
  if (typeof data === "number") return `0x${data.toString(16)}`;
  if (typeof data !== "string") return data.map(makeVisible).join("\\0");
  return makeVisible(data);
}

/**
 * The listing as JSON, piece by piece: a whole hive has more keys than should be held at once.
 */
export function* formatRegistryJson(
  listing: RegistryListing,
  keys: Iterable<RegistryKey>,
): Generator<string> {
  const head = JSON.stringify(listing, null, 2).replace(/\n\}$/, ',\n  "keys": [');
  yield makeJsonVisible(head);
  let separator = "\n";
  for (const key of keys) {
    yield separator + makeJsonVisible(JSON.stringify(key, null, 2)).replaceAll(/^/gm, "    ");
    separator = ",\n";
  }
  yield separator === "\n" ? "]\n}\n" : "\n  ]\n}\n";
}
