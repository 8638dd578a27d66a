// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  AttributeHeader,
  FIXUP_STRIDE_BYTES,
  FileRecordHeader,
} from "../../../src/fs/ntfs/layout.ts";
import { applyFixups } from "./records.ts";
import type { LabVolume } from "./volume.ts";

/** Changes a FILE record in place, as if it had always been written so: the update sequence stays sound. */
export function editRecord(volume: LabVolume, recordNumber: number, edit: (record: DataView) => void): void {
  editProtected(volume.bytes, volume.recordOffset(recordNumber), volume.recordSizeBytes, edit);
}

/** The same for any protected structure: an index block, a restart page. */
export function editProtected(
  bytes: Uint8Array,
  offset: number,
  sizeBytes: number,
  edit: (record: DataView) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, sizeBytes);
  const usaOffset = view.getUint16(FileRecordHeader.offsetOf.usaOffset, true);
  for (let stride = 1; stride <= sizeBytes / FIXUP_STRIDE_BYTES; stride++) {
    view.setUint16(stride * FIXUP_STRIDE_BYTES - 2, view.getUint16(usaOffset + stride * 2, true), true);
  }
  edit(view);
  applyFixups(view, usaOffset);
}

/** Byte offset in a record of its first attribute of a type; throws where there is none. */
export function attributeAt(record: DataView, type: number, position = 0): number {
  let at = record.getUint16(FileRecordHeader.offsetOf.firstAttribute, true);
  for (let left = position; record.getUint32(at, true) !== ATTRIBUTE.end; ) {
    if (record.getUint32(at, true) === type && left-- === 0) return at;
    at += record.getUint32(at + AttributeHeader.offsetOf.length, true);
  }
  throw new RangeError(`the record has no attribute 0x${type.toString(16)}`);
}
