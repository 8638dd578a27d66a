// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  type AttributeRecord,
  encodeNonResident,
  encodeResident,
  FileName,
  type FileRecord,
  FileRecordHeader,
  HOLE,
  StandardInformation,
} from "../../fs/structures/index.ts";
import { bytesOf, isSame, isZero, proofError } from "./proof-error.ts";

/** Where the value of a resident attribute stands in it: the offset is kept in this field. */
const VALUE_OFFSET_AT = 0x14;
/** The end marker and the four bytes behind it. */
const END_SIZE_BYTES = 8;

/** An attribute that is another after the change, or was not there before. */
export interface AttributeChange {
  readonly before: AttributeRecord | undefined;
  readonly after: AttributeRecord;
}

export interface DifferenceOptions {
  /** Attributes that may be exchanged for one with a new identifier, in another place among those of their type. */
  readonly exchanged?: number;
  /** How many identifiers may have been given out. */
  readonly newIdsMax: number;
}

/**
 * The attributes in which two states of one FILE record differ. Throws STAGE_PROOF_RECORD where anything else of the
 * record differs: its header, the order of its attributes, one that is gone, its unused end.
 */
export function differencesOf(
  before: FileRecord,
  after: FileRecord,
  { exchanged, newIdsMax }: DifferenceOptions,
): AttributeChange[] {
  proveHeader(before, after, newIdsMax);
  proveEnd(after, before);
  const old = new Map(keyed(before.attributes));
  const changes: AttributeChange[] = [];
  const order: string[] = [];
  for (const [key, attribute] of keyed(after.attributes)) {
    const match = old.get(key);
    if (match !== undefined && attribute.type !== exchanged) order.push(key);
    if (match !== undefined && isSame(bytesOf(match.view), bytesOf(attribute.view))) continue;
    const keepsId = match !== undefined && match.id === attribute.id;
    if (!keepsId && match !== undefined && attribute.type !== exchanged)
      throw fault(attribute, "has another identifier");
    if (!keepsId && attribute.id < before.header.nextAttributeId)
      throw fault(attribute, "has an identifier of another");
    changes.push({ before: match, after: attribute });
  }
  const expected = [...old].filter(([, { type }]) => type !== exchanged).map(([key]) => key);
  const [exchangedBefore, exchangedAfter] = [before, after].map(
    ({ attributes }) => attributes.filter(({ type }) => type === exchanged).length,
  );
  if (expected.join("|") !== order.join("|") || exchangedBefore !== exchangedAfter) {
    throw recordError(after, "attributes are gone, or stand in another order");
  }
  return changes;
}

/** Attributes with what tells them apart: type, name, and which one of several. */
function* keyed(attributes: readonly AttributeRecord[]): Generator<[string, AttributeRecord]> {
  const counts = new Map<string, number>();
  for (const attribute of attributes) {
    const kind = `${attribute.type}:${attribute.name}`;
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    yield [`${kind}:${count}`, attribute];
  }
}

function proveHeader(before: FileRecord, after: FileRecord, newIdsMax: number): void {
  const given = after.header.nextAttributeId - before.header.nextAttributeId;
  if (given < 0 || given > newIdsMax)
    throw recordError(after, `${given} identifiers of attributes were given out`);
  const [old, next] = [headOf(before), headOf(after)];
  if (!isSame(old, next)) throw recordError(after, "the header differs");
}

/** What stands before the attributes, without what a change of them entails. */
function headOf({ view, header }: FileRecord): Uint8Array {
  const bytes = bytesOf(view).slice(0, header.firstAttribute);
  const { usaOffset, usaCount } = header;
  Object.assign(new FileRecordHeader(new DataView(bytes.buffer)), { usedSize: 0, nextAttributeId: 0 });
  bytes.fill(0, usaOffset, usaOffset + usaCount * 2);
  return bytes;
}

/**
 * Shows that nothing stands behind the last attribute but the end marker, and then what stood there before; zeros in a
 * record that is new, where `before` is `"new"`. Undefined, it may be anything.
 */
export function proveEnd(after: FileRecord, before: FileRecord | "new" | undefined): void {
  const { view, header } = after;
  const last = after.attributes.at(-1);
  const end = last === undefined ? header.firstAttribute : last.at + last.view.byteLength;
  if (header.usedSize !== end + END_SIZE_BYTES) throw recordError(after, "the used size is not right");
  if (view.getUint32(end + 4, true) !== 0) throw recordError(after, "the end marker is not right");
  const rest = bytesOf(view).subarray(header.usedSize);
  if (before === undefined) return;
  const isRight =
    before === "new" ? isZero(rest) : isSame(rest, bytesOf(before.view).subarray(header.usedSize));
  if (!isRight) throw recordError(after, "the unused end of the record differs");
}

/** That the attribute is laid out as whoever wrote it lays out its value, to the last byte. */
export function proveEncoding(
  attribute: AttributeRecord,
  clusterCount: number,
  clusterSizeBytes: number,
): void {
  const { type, name, id } = attribute;
  const head = { type, name, id };
  const encoded = attribute.isResident
    ? encodeResident(head, bytesOf(attribute.value))
    : encodeNonResident(head, { ...runsAndSizes(attribute, clusterCount), clusterSizeBytes });
  if (!isSame(encoded, bytesOf(attribute.view))) throw fault(attribute, "is not laid out as it should be");
}

function runsAndSizes(attribute: AttributeRecord, clusterCount: number) {
  const { runCount, vcns, lcns } = attribute.decodeRuns(clusterCount);
  const runs = Array.from({ length: runCount }, (_, run) => ({
    lcn: lcns[run] ?? HOLE,
    lengthClusters: (vcns[run + 1] ?? 0) - (vcns[run] ?? 0),
  }));
  if (runs.some(({ lcn }) => lcn === HOLE)) throw fault(attribute, "has a hole");
  const { dataBytes, initializedBytes } = attribute.sizes;
  return { runs, dataBytes, initializedBytes };
}

/** That of $STANDARD_INFORMATION only the times of a change differ, and are the right ones. */
export function proveTimes({ before, after }: AttributeChange, time: bigint): void {
  proveFields({ before, after }, (value) => {
    Object.assign(new StandardInformation(value), { modified: time, changed: time });
  });
}

/** That of a $FILE_NAME only the sizes differ, and are those of the data. */
export function proveNameSizes(
  change: AttributeChange,
  sizes: { dataBytes: number; allocatedBytes: number },
): void {
  proveFields(change, (value) => {
    Object.assign(new FileName(value), { dataSize: sizes.dataBytes, allocatedSize: sizes.allocatedBytes });
  });
}

/** That a resident attribute is what it was, but for some fields of its value. */
function proveFields({ before, after }: AttributeChange, change: (value: DataView) => void): void {
  if (before === undefined || !before.isResident) throw fault(after, "was not there before");
  const expected = bytesOf(before.view).slice();
  const view = new DataView(expected.buffer);
  const valueOffset = view.getUint16(VALUE_OFFSET_AT, true);
  change(new DataView(expected.buffer, valueOffset));
  if (!isSame(expected, bytesOf(after.view))) throw fault(after, "differs in more than what was planned");
}

/** Sizes of a file's data as its record gives them, in the way that names repeat them. */
export function dataSizesOf(record: FileRecord): { dataBytes: number; allocatedBytes: number } {
  const data = record.attributes.find(({ type, name }) => type === ATTRIBUTE.data && name === "");
  if (data === undefined) return { dataBytes: 0, allocatedBytes: 0 };
  if (!data.isResident) return data.sizes;
  const dataBytes = data.value.byteLength;
  return { dataBytes, allocatedBytes: Math.ceil(dataBytes / 8) * 8 };
}

export function recordError(record: FileRecord, message: string) {
  return proofError("STAGE_PROOF_RECORD", message, record.where());
}

export function fault(attribute: AttributeRecord, message: string) {
  return proofError(
    "STAGE_PROOF_RECORD",
    `attribute 0x${attribute.type.toString(16)} ${message}`,
    attribute.where,
  );
}
