// SPDX-License-Identifier: MIT

/**
 * The UTF-16LE code units of `sizeBytes` bytes at `at`, one for one: unpaired surrogates and NULs are kept, because
 * NTFS and the registry allow them in names. An odd last byte is ignored.
 */
export function decodeUtf16(view: DataView, at: number, sizeBytes: number): string {
  const units: number[] = [];
  for (let offset = at; offset + 1 < at + sizeBytes; offset += 2) units.push(view.getUint16(offset, true));
  return fromUnits(units);
}

/** The same for big-endian text (VHD). */
export function decodeUtf16be(view: DataView, at: number, sizeBytes: number): string {
  const units: number[] = [];
  for (let offset = at; offset + 1 < at + sizeBytes; offset += 2) units.push(view.getUint16(offset));
  return fromUnits(units);
}

/** UTF-16LE bytes of a string, without a terminator. */
export function encodeUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let unit = 0; unit < text.length; unit++) view.setUint16(unit * 2, text.charCodeAt(unit), true);
  return bytes;
}

/** One character for each byte, 0x00-0xFF (Latin-1, the registry's "compressed" names). */
export function decodeLatin1(view: DataView, at: number, length: number): string {
  const units: number[] = [];
  for (let index = 0; index < length; index++) units.push(view.getUint8(at + index));
  return fromUnits(units);
}

/** `String.fromCharCode` takes its units as arguments, and a call may not have too many of those. */
const UNITS_PER_CALL = 4096;

function fromUnits(units: number[]): string {
  if (units.length <= UNITS_PER_CALL) return String.fromCharCode(...units);
  let text = "";
  for (let start = 0; start < units.length; start += UNITS_PER_CALL) {
    text += String.fromCharCode(...units.slice(start, start + UNITS_PER_CALL));
  }
  return text;
}
