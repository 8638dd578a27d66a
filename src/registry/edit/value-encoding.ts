// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";

/** Numbers of the value types that have an encoder here, as winnt.h has them. */
export const VALUE_TYPES = {
  string: 1,
  expandString: 2,
  binary: 3,
  dword: 4,
  multiString: 7,
  qword: 11,
} as const;

/** Data of REG_SZ and REG_EXPAND_SZ, with the NUL at its end. Throws HIVE_EDIT_VALUE for a NUL inside. */
export function encodeString(text: string): Uint8Array {
  if (text.includes("\0")) throw valueError("a string may not have a NUL in it");
  return encodeUtf16(`${text}\0`);
}

/** Data of REG_MULTI_SZ. Throws HIVE_EDIT_VALUE for an empty string, which would end the list, and for a NUL inside. */
export function encodeMultiString(texts: readonly string[]): Uint8Array {
  for (const text of texts) {
    if (text === "" || text.includes("\0"))
      throw valueError("a string of a list may not be empty or have a NUL in it");
  }
  return encodeUtf16(`${texts.map((text) => `${text}\0`).join("")}\0`);
}

/** Data of REG_DWORD. Throws HIVE_EDIT_VALUE for what is no unsigned number of 32 bits. */
export function encodeDword(number: number): Uint8Array {
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
    throw valueError(`${number} is not a number of 32 bits`);
  }
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, number, true);
  return data;
}

/** Data of REG_QWORD. Throws HIVE_EDIT_VALUE for what is no unsigned number of 64 bits. */
export function encodeQword(number: bigint): Uint8Array {
  if (BigInt.asUintN(64, number) !== number) throw valueError(`${number} is not a number of 64 bits`);
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, number, true);
  return data;
}

/** The error that says why a value cannot be had. */
export function valueError(message: string): VmguestError {
  return new VmguestError("HIVE_EDIT_VALUE", message, { structure: "value" });
}
