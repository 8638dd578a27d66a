// SPDX-License-Identifier: MIT
import { type Code, VmguestError, type Where } from "../../errors.ts";
import { FIXUP_STRIDE_BYTES } from "./layout.ts";

const USA_OFFSET_AT = 4;
const USA_COUNT_AT = 6;

/** Whether one of the words that the update sequence replaced is in a range of a protected record. */
export function holdsFixup(at: number, length: number): boolean {
  return at % FIXUP_STRIDE_BYTES > FIXUP_STRIDE_BYTES - 2 - length;
}

/**
 * Puts the words back that the update sequence replaced, in the caller's private copy of a protected record.
 *
 * NTFS writes one counter value into the last two bytes of every 512 of a record, and keeps what stood there in the
 * record's head; a half-written record shows two values. Throws NTFS_TORN_RECORD for that, and `damageCode` where the
 * head makes no sense.
 */
export function undoFixups(record: DataView, damageCode: Code, where: Where): void {
  const usaOffset = record.getUint16(USA_OFFSET_AT, true);
  const usaCount = record.getUint16(USA_COUNT_AT, true);
  const strideCount = record.byteLength / FIXUP_STRIDE_BYTES;
  // The sequence itself must not cover a word that it protects.
  const usaEnd = usaOffset + usaCount * 2;
  if (
    usaCount !== strideCount + 1 ||
    usaOffset % 2 !== 0 ||
    usaOffset < 8 ||
    usaEnd > FIXUP_STRIDE_BYTES - 2
  ) {
    const message = `an update sequence of ${usaCount} words at 0x${usaOffset.toString(16)} does not fit ${record.byteLength} bytes`;
    throw new VmguestError(damageCode, message, where);
  }
  const expected = record.getUint16(usaOffset, true);
  for (let stride = 1; stride <= strideCount; stride++) {
    const at = stride * FIXUP_STRIDE_BYTES - 2;
    const found = record.getUint16(at, true);
    if (found !== expected) {
      const message = `half written: bytes ${at - FIXUP_STRIDE_BYTES + 2} to ${at + 1} carry update sequence ${found}, expected ${expected}`;
      throw new VmguestError("NTFS_TORN_RECORD", message, where);
    }
    record.setUint16(at, record.getUint16(usaOffset + stride * 2, true), true);
  }
}
