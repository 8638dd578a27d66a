// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  ATTRIBUTE,
  AttributeListEntry,
  FIXUP_STRIDE_BYTES,
  FileRecordHeader,
} from "../../../src/fs/ntfs/layout.ts";
import { align8, encodeAttribute, isNonResident, type LabAttribute } from "./attributes.ts";
import type { Run } from "./runs.ts";

const UPDATE_SEQUENCE = 0x0007;
/** Room for the end marker. */
const END_SIZE_BYTES = 8;
const FIRST_ATTRIBUTE_31 = 0x38;

export interface RecordHead {
  readonly recordNumber: number;
  readonly sequence: number;
  readonly flags: number;
  readonly linkCount?: number;
  readonly base?: { readonly recordNumber: number; readonly sequence: number };
}

export interface RecordFormat {
  readonly recordSizeBytes: number;
  /** NTFS 3.0 keeps the update sequence where 3.1 has the record number. */
  readonly isVersion30?: boolean;
}

/** A FILE record as it lies on disk, with its update sequence applied. */
export function encodeRecord(
  head: RecordHead,
  attributes: readonly Uint8Array[],
  format: RecordFormat,
): Uint8Array {
  const { recordSizeBytes, isVersion30 = false } = format;
  const bytes = new Uint8Array(recordSizeBytes);
  const view = new DataView(bytes.buffer);
  const usaOffset = isVersion30 ? 0x2a : 0x30;
  const usaCount = recordSizeBytes / FIXUP_STRIDE_BYTES + 1;
  const firstAttribute = align8(usaOffset + usaCount * 2);
  let at = firstAttribute;
  for (const attribute of attributes) {
    if (at + attribute.length + END_SIZE_BYTES > recordSizeBytes) {
      throw new RangeError(`record ${head.recordNumber} overflows`);
    }
    bytes.set(attribute, at);
    at += attribute.length;
  }
  view.setUint32(at, ATTRIBUTE.end, true);
  Object.assign(new FileRecordHeader(view), {
    signature: "FILE",
    usaOffset,
    usaCount,
    lsn: 1n,
    sequence: head.sequence,
    linkCount: head.linkCount ?? 0,
    firstAttribute,
    flags: head.flags,
    usedSize: at + END_SIZE_BYTES,
    allocatedSize: recordSizeBytes,
    baseRecord: head.base?.recordNumber ?? 0,
    baseSequence: head.base?.sequence ?? 0,
    nextAttributeId: attributes.length,
  });
  if (!isVersion30) view.setUint32(FileRecordHeader.offsetOf.recordNumber, head.recordNumber, true);
  applyFixups(view, usaOffset);
  return bytes;
}

/** Replaces the last word of every 512 bytes by the update sequence number, and keeps the words in the head. */
export function applyFixups(view: DataView, usaOffset: number): void {
  view.setUint16(usaOffset, UPDATE_SEQUENCE, true);
  for (let stride = 1; stride <= view.byteLength / FIXUP_STRIDE_BYTES; stride++) {
    const at = stride * FIXUP_STRIDE_BYTES - 2;
    view.setUint16(usaOffset + stride * 2, view.getUint16(at, true), true);
    view.setUint16(at, UPDATE_SEQUENCE, true);
  }
}

/** How the attributes of a file that needs an attribute list are spread over records. */
export interface SpreadOptions {
  /** Numbers for extension records, as many as asked for. */
  readonly takeRecordNumber: () => number;
  readonly sequence: number;
  /** Runs in one extent of an attribute. */
  readonly runsPerExtent: number;
  /** Turns the list into an attribute: resident, or in clusters. */
  readonly listAttribute: (list: Uint8Array) => LabAttribute;
  /** Attributes that stay in the base record. */
  readonly staysInBase: (attribute: LabAttribute) => boolean;
}

/** Encodes a file into its base record and, where it does not fit or is told so, extension records. */
export function encodeFile(
  head: RecordHead,
  attributes: readonly LabAttribute[],
  format: RecordFormat,
  spread: SpreadOptions | undefined,
): Map<number, Uint8Array> {
  const sorted = attributes.toSorted(
    (one, other) => one.type - other.type || compareUnits(one.name ?? "", other.name ?? ""),
  );
  if (spread === undefined) {
    return new Map([[head.recordNumber, encodeRecord(head, sorted.map(encodeAttribute), format)]]);
  }
  const records = new Map<number, Uint8Array>();
  const inBase: LabAttribute[] = [];
  const entries: { attribute: LabAttribute; recordNumber: number; id: number }[] = [];
  for (const attribute of sorted.flatMap((one) => splitExtents(one, spread.runsPerExtent))) {
    if (spread.staysInBase(attribute)) {
      entries.push({ attribute, recordNumber: head.recordNumber, id: inBase.length });
      inBase.push(attribute);
      continue;
    }
    const recordNumber = spread.takeRecordNumber();
    const extension: RecordHead = {
      recordNumber,
      sequence: spread.sequence,
      flags: 1,
      base: { recordNumber: head.recordNumber, sequence: head.sequence },
    };
    records.set(recordNumber, encodeRecord(extension, [encodeAttribute(attribute, 0)], format));
    entries.push({ attribute, recordNumber, id: 0 });
  }
  const list = concat(
    entries.map(({ attribute, recordNumber, id }) =>
      encodeListEntry(attribute, {
        recordNumber,
        sequence: recordNumber === head.recordNumber ? head.sequence : spread.sequence,
        id,
      }),
    ),
  );
  const listId = inBase.length;
  const encoded = inBase
    .map((attribute, id) => ({ type: attribute.type, bytes: encodeAttribute(attribute, id) }))
    .concat({ type: ATTRIBUTE.attributeList, bytes: encodeAttribute(spread.listAttribute(list), listId) })
    .toSorted((one, other) => one.type - other.type)
    .map(({ bytes }) => bytes);
  return records.set(head.recordNumber, encodeRecord(head, encoded, format));
}

/** An attribute cut into extents of at most `runsPerExtent` runs. */
function splitExtents(attribute: LabAttribute, runsPerExtent: number): LabAttribute[] {
  if (!isNonResident(attribute) || attribute.runs.length <= runsPerExtent) return [attribute];
  const extents: LabAttribute[] = [];
  const total = attribute.runs.reduce((sum, { lengthClusters }) => sum + lengthClusters, 0);
  let lowestVcn = 0;
  for (let start = 0; start < attribute.runs.length; start += runsPerExtent) {
    const runs: readonly Run[] = attribute.runs.slice(start, start + runsPerExtent);
    extents.push({ ...attribute, runs, lowestVcn, allocatedClusters: total });
    lowestVcn += runs.reduce((sum, { lengthClusters }) => sum + lengthClusters, 0);
  }
  return extents;
}

function encodeListEntry(
  attribute: LabAttribute,
  place: { recordNumber: number; sequence: number; id: number },
): Uint8Array {
  const name = encodeUtf16(attribute.name ?? "");
  const bytes = new Uint8Array(align8(AttributeListEntry.sizeBytes + name.length));
  Object.assign(new AttributeListEntry(new DataView(bytes.buffer)), {
    type: attribute.type,
    length: bytes.length,
    nameLength: name.length / 2,
    nameOffset: AttributeListEntry.sizeBytes,
    lowestVcn: isNonResident(attribute) ? (attribute.lowestVcn ?? 0) : 0,
    record: place.recordNumber,
    sequence: place.sequence,
    id: place.id,
  });
  bytes.set(name, AttributeListEntry.sizeBytes);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function compareUnits(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Bytes of attributes that fit a record. */
export function roomInRecord(recordSizeBytes: number): number {
  const usaCount = recordSizeBytes / FIXUP_STRIDE_BYTES + 1;
  return recordSizeBytes - Math.max(FIRST_ATTRIBUTE_31, align8(0x30 + usaCount * 2)) - END_SIZE_BYTES;
}
