// SPDX-License-Identifier: MIT
import { FIXUP_STRIDE_BYTES } from "../layout.ts";

const USA_OFFSET_AT = 4;
/** The two values that Windows leaves out: zero, and the one that free space is filled with. */
const SEQUENCE_MAX = 0xfffe;

/**
 * Protects a record that is about to be written: raises its update sequence number, keeps the last word of every 512
 * bytes in the record's head, and puts the number in its place. The head says where the sequence stands.
 */
export function applyFixups(record: DataView): void {
  const usaOffset = record.getUint16(USA_OFFSET_AT, true);
  const previous = record.getUint16(usaOffset, true);
  const sequence = previous >= SEQUENCE_MAX ? 1 : previous + 1;
  record.setUint16(usaOffset, sequence, true);
  for (let stride = 1; stride <= record.byteLength / FIXUP_STRIDE_BYTES; stride++) {
    const at = stride * FIXUP_STRIDE_BYTES - 2;
    record.setUint16(usaOffset + stride * 2, record.getUint16(at, true), true);
    record.setUint16(at, sequence, true);
  }
}
