// SPDX-License-Identifier: MIT

/** The GUID of 16 zero bytes, which the formats use for "none". */
export const ZERO_GUID = "00000000-0000-0000-0000-000000000000";

/** Byte positions in print order: the first three groups are stored little-endian (MS-DTYP 2.3.4.2). */
const PRINT_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** Lower-case text without braces of the 16 bytes at `at`. */
export function formatGuid(view: DataView, at = 0): string {
  const hex = PRINT_ORDER.map((index) =>
    view
      .getUint8(at + index)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 stored bytes of a GUID given as text, with or without braces; throws TypeError for anything else. */
export function parseGuid(text: string): Uint8Array {
  const hex = text.replace(/^\{(.*)\}$/, "$1").replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`not a GUID: ${text}`);
  const bytes = new Uint8Array(16);
  PRINT_ORDER.forEach((index, place) => {
    bytes[index] = Number.parseInt(hex.slice(place * 2, place * 2 + 2), 16);
  });
  return bytes;
}
