// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";

/** Longest name that Windows gives a key, in characters. */
const KEY_NAME_LENGTH_MAX = 255;

/** Longest name that Windows gives a value, in characters. */
const VALUE_NAME_LENGTH_MAX = 16_383;

/** Windows allows no key further below the root. */
const DEPTH_MAX = 512;

/** A name as it is stored. */
export interface StoredName {
  readonly bytes: Uint8Array;
  /** In Latin-1, as Windows stores every name that it can. */
  readonly isCompressed: boolean;
}

export function storeName(name: string): StoredName {
  for (let index = 0; index < name.length; index++) {
    if (name.charCodeAt(index) > 0xff) return { bytes: encodeUtf16(name), isCompressed: false };
  }
  // The empty name of a default value is nothing that could be compressed.
  return { bytes: Uint8Array.from(name, (letter) => letter.charCodeAt(0)), isCompressed: name !== "" };
}

/** The names along a path from the root. Throws HIVE_EDIT_NAME. */
export function namesIn(path: string): string[] {
  const names = path.split("\\").filter((name) => name !== "");
  if (names.length > DEPTH_MAX) throw nameError(`a key may not be more than ${DEPTH_MAX} levels deep`);
  const long = names.find((name) => name.length > KEY_NAME_LENGTH_MAX);
  if (long !== undefined) {
    throw nameError(
      `the name of a key has ${long.length} characters, ${KEY_NAME_LENGTH_MAX} are allowed at most`,
    );
  }
  return names;
}

/** Throws HIVE_EDIT_NAME where a value cannot have this name. */
export function checkValueName(name: string): void {
  if (name.length <= VALUE_NAME_LENGTH_MAX) return;
  throw nameError(
    `the name of a value has ${name.length} characters, ${VALUE_NAME_LENGTH_MAX} are allowed at most`,
  );
}

const nameError = (message: string) => new VmguestError("HIVE_EDIT_NAME", message, { structure: "name" });
