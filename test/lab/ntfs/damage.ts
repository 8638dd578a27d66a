// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  AttributeHeader,
  AttributeListEntry,
  FileRecordHeader,
  IndexBlockHeader,
  IndexEntryHeader,
  NonResidentHeader,
  ResidentHeader,
} from "../../../src/fs/ntfs/layout.ts";
import { attributeAt, editProtected, editRecord } from "./edit.ts";
import type { LabVolume } from "./volume.ts";

/** A change to a structure that its update sequence does not betray. */
export type ViewEdit = (view: DataView) => void;
/** A change to a volume. */
export type VolumeEdit = (volume: LabVolume) => void;

/** In the FILE record of a file, or of that number. */
export const inRecord =
  (path: string | number, edit: ViewEdit): VolumeEdit =>
  (volume) =>
    editRecord(volume, typeof path === "number" ? path : volume.recordNumber(path), edit);

/** In an index block of a directory. */
export const inBlock =
  (path: string, block: number, edit: ViewEdit): VolumeEdit =>
  (volume) =>
    editProtected(volume.bytes, volume.indexBlockOffsets(path)[block] as number, 4096, edit);

/** Fields of the record's header. */
export const header =
  (fields: Partial<FileRecordHeader>): ViewEdit =>
  (record) =>
    Object.assign(new FileRecordHeader(record), fields);

/** Fields of an attribute's header: the common part, that of a resident one, that of one in clusters. */
export const attribute =
  (type: number, fields: Partial<AttributeHeader>): ViewEdit =>
  (record) =>
    Object.assign(new AttributeHeader(record, attributeAt(record, type)), fields);

export const resident =
  (type: number, fields: Partial<ResidentHeader>): ViewEdit =>
  (record) =>
    Object.assign(new ResidentHeader(record, attributeAt(record, type) + AttributeHeader.sizeBytes), fields);

export const nonResident =
  (type: number, fields: Partial<NonResidentHeader>): ViewEdit =>
  (record) =>
    Object.assign(
      new NonResidentHeader(record, attributeAt(record, type) + AttributeHeader.sizeBytes),
      fields,
    );

/** In the value of a resident attribute. */
export const value =
  (type: number, edit: ViewEdit): ViewEdit =>
  (record) => {
    const at = attributeAt(record, type);
    const { valueOffset, valueLength } = new ResidentHeader(record, at + AttributeHeader.sizeBytes);
    edit(new DataView(record.buffer, record.byteOffset + at + valueOffset, valueLength));
  };

/** Fields of the attribute list's entry for the nth extent of $DATA. */
export const listEntry = (extent: number, fields: Partial<AttributeListEntry>): ViewEdit =>
  value(ATTRIBUTE.attributeList, (list) => {
    let left = extent;
    for (let at = 0; at < list.byteLength; ) {
      const entry = new AttributeListEntry(list, at);
      at += entry.length;
      if (entry.type === ATTRIBUTE.data && left-- === 0) Object.assign(entry, fields);
    }
  });

/** Fields of the first entry of an index block. */
export const firstEntry =
  (fields: Partial<IndexEntryHeader>): ViewEdit =>
  (block) =>
    Object.assign(new IndexEntryHeader(block, firstEntryAt(block)), fields);

export function firstEntryAt(block: DataView): number {
  return IndexBlockHeader.sizeBytes + block.getUint32(IndexBlockHeader.sizeBytes, true);
}

/** Makes every entry of the node with this index header lead to one VCN. */
export const children =
  (headerAt: number, vcn: number): ViewEdit =>
  (node) => {
    const end = headerAt + node.getUint32(headerAt + 4, true);
    for (let at = headerAt + node.getUint32(headerAt, true); at < end; ) {
      const { length } = new IndexEntryHeader(node, at);
      node.setBigUint64(at + length - 8, BigInt(vcn), true);
      at += length;
    }
  };

/** What `work` throws, or undefined. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
