// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  type AttributeRecord,
  FILE_NAME_FLAGS,
  FIXUP_STRIDE_BYTES,
  FileName,
  type FileRecord,
  FileRecordHeader,
  isAdminOnly,
  RECORD_FLAGS,
  StandardInformation,
  StandardInformationTail,
} from "../../fs/structures/index.ts";
import type { PathIntent } from "./intent.ts";
import { bytesOf, isSame } from "./proof-error.ts";
import { dataSizesOf, fault, proveEncoding, proveEnd, recordError } from "./record-difference.ts";
import type { VolumeState } from "./volume-state.ts";

const USA_OFFSET = 0x30;
/** The end marker and the four bytes behind it. */
const END_SIZE_BYTES = 8;
/** FILE_ATTRIBUTE_* bits that new files are given. */
const ATTRIBUTES_ALLOWED = 0x2027;
const ARCHIVE = 0x20;
const INDEX_NAME = "$I30";
const NAMESPACE = { posix: 0, win32: 1, dos: 2, win32AndDos: 3 } as const;

/** A file or directory that is to be new. */
export interface MadeRecord {
  readonly intent: PathIntent;
  /** The directory that it stands in. */
  readonly parent: { readonly recordNumber: number; readonly sequence: number };
  readonly time: bigint;
}

/** Shows that a record is that of a planned file or directory, byte for byte, and was free before. */
export function proveMade(
  before: VolumeState,
  after: VolumeState,
  record: FileRecord,
  made: MadeRecord,
): void {
  const { intent } = made;
  const { isDirectory } = intent;
  const { geometry } = after.volume;
  const names = record.attributes.filter(({ type }) => type === ATTRIBUTE.fileName);
  proveHeader(record, {
    sequence: nextSequence(before, record),
    linkCount: names.length,
    flags: RECORD_FLAGS.inUse + (isDirectory ? RECORD_FLAGS.directory : 0),
    nextAttributeId: record.header.nextAttributeId,
  });
  proveIds(record);
  const outgrew = record.attributes.some(({ type }) => type === ATTRIBUTE.indexAllocation);
  // What an index held before it was moved out of its record stays behind the end there.
  proveEnd(record, outgrew ? undefined : "new");
  const attributes = (intent.attributes ?? (isDirectory ? 0 : ARCHIVE)) & ATTRIBUTES_ALLOWED;
  const types = record.attributes.map(({ type, name }) => `${type}:${name}`);
  const content = isDirectory
    ? [
        [ATTRIBUTE.indexRoot, INDEX_NAME],
        [ATTRIBUTE.indexAllocation, INDEX_NAME],
        [ATTRIBUTE.bitmap, INDEX_NAME],
      ]
    : [[ATTRIBUTE.data, ""]];
  const expected = [
    `${ATTRIBUTE.standardInformation}:`,
    ...names.map(() => `${ATTRIBUTE.fileName}:`),
    ...content.map(([type, name]) => `${type}:${name}`).slice(0, outgrew ? 3 : 1),
  ];
  if (types.join("|") !== expected.join("|"))
    throw recordError(record, "does not have the attributes of a new file");
  for (const attribute of record.attributes) {
    proveEncoding(attribute, geometry.clusterCount, geometry.clusterSizeBytes);
    if (attribute.type === ATTRIBUTE.standardInformation)
      proveInformation(after, attribute, made.time, attributes);
  }
  proveNames(record, names, { ...made, attributes });
}

/** That a record that $MFT grew by is laid out as a free one. */
export function proveBlank(record: FileRecord): void {
  proveHeader(record, { sequence: 1, linkCount: 0, flags: 0, nextAttributeId: 0 });
  if (record.attributes.length > 0) throw recordError(record, "is free, but has attributes");
  proveEnd(record, "new");
}

interface ExpectedHeader {
  readonly sequence: number;
  readonly linkCount: number;
  readonly flags: number;
  readonly nextAttributeId: number;
}

function proveHeader(record: FileRecord, fields: ExpectedHeader): void {
  const { view, header } = record;
  const usaCount = view.byteLength / FIXUP_STRIDE_BYTES + 1;
  const usaEnd = USA_OFFSET + usaCount * 2;
  const firstAttribute = Math.ceil(usaEnd / 8) * 8;
  const expected = new Uint8Array(firstAttribute);
  Object.assign(new FileRecordHeader(new DataView(expected.buffer)), {
    signature: "FILE",
    usaOffset: USA_OFFSET,
    usaCount,
    firstAttribute,
    usedSize: header.usedSize,
    allocatedSize: view.byteLength,
    recordNumber: record.recordNumber,
    ...fields,
  });
  const found = bytesOf(view).slice(0, firstAttribute);
  if (!isSame(found.fill(0, USA_OFFSET, usaEnd), expected))
    throw recordError(record, "the header is not that of a new record");
  if (header.usedSize < firstAttribute + END_SIZE_BYTES)
    throw recordError(record, "the used size is not right");
}

/** Identifiers are given out one after the other, and none twice. */
function proveIds(record: FileRecord): void {
  const ids = record.attributes.map(({ id }) => id).sort((a, b) => a - b);
  if (ids.length === record.header.nextAttributeId && ids.every((id, index) => id === index)) return;
  throw recordError(record, "the identifiers of the attributes are not those of a new record");
}

/** The sequence that a free record goes on with when it is taken. */
function nextSequence(before: VolumeState, record: FileRecord): number {
  const { recordNumber } = record;
  if (recordNumber >= before.recordCount) return 1;
  const bytes = before.recordBytes(recordNumber);
  const { signature, flags, sequence } = new FileRecordHeader(new DataView(bytes.buffer));
  if (signature !== "FILE") {
    if (signature === "\0\0\0\0") return 1;
    throw recordError(record, "took the place of a record that was damaged");
  }
  if ((flags & RECORD_FLAGS.inUse) !== 0) throw recordError(record, "took the place of a record in use");
  return sequence === 0 ? 1 : sequence;
}

function proveInformation(
  after: VolumeState,
  attribute: AttributeRecord,
  time: bigint,
  attributes: number,
): void {
  const { value } = attribute;
  const { sizeBytes } = StandardInformation;
  const view = new DataView(new ArrayBuffer(sizeBytes + StandardInformationTail.sizeBytes));
  const times = { created: time, modified: time, changed: time, accessed: time };
  Object.assign(new StandardInformation(view), { ...times, attributes });
  if (value.byteLength !== view.byteLength) throw fault(attribute, "is not as long as it should be");
  const { securityId } = new StandardInformationTail(value, sizeBytes);
  new StandardInformationTail(view, sizeBytes).securityId = securityId;
  if (!isSame(bytesOf(value), bytesOf(view)))
    throw fault(attribute, "has other times or attributes than planned");
  if (isAdminOnly(after.volume.context.security.find(securityId))) return;
  throw fault(attribute, "gives the file permissions by which not only administrators can write");
}

interface ExpectedNames extends MadeRecord {
  readonly attributes: number;
}

function proveNames(record: FileRecord, names: readonly AttributeRecord[], expected: ExpectedNames): void {
  const { intent } = expected;
  const wanted = intent.path.slice(intent.path.lastIndexOf("/") + 1);
  const namespaces: number[] = [];
  for (const [index, attribute] of names.entries()) {
    const { value } = attribute;
    if (value.byteLength < FileName.sizeBytes) throw fault(attribute, "is too short for a name");
    const { namespace } = new FileName(value);
    namespaces.push(namespace);
    const name = String.fromCharCode(...unitsOf(value));
    if (index === 0 && name !== wanted)
      throw fault(attribute, `is ${JSON.stringify(name)}, not the planned name`);
    const prefix = encodeName(record, name.length, namespace, expected);
    if (!isSame(bytesOf(value).subarray(0, prefix.length), prefix))
      throw fault(attribute, "is not what was planned");
  }
  const isRight =
    namespaces.length === 1
      ? namespaces[0] === NAMESPACE.win32AndDos || namespaces[0] === NAMESPACE.posix
      : namespaces.length === 2 && namespaces[0] === NAMESPACE.win32 && namespaces[1] === NAMESPACE.dos;
  if (!isRight) throw recordError(record, "the names are not of the sorts that a new file has");
}

/** What stands in a $FILE_NAME before the units of the name. */
function encodeName(
  record: FileRecord,
  nameLength: number,
  namespace: number,
  expected: ExpectedNames,
): Uint8Array {
  const { intent, parent, time, attributes } = expected;
  const { dataBytes, allocatedBytes } = dataSizesOf(record);
  const bytes = new Uint8Array(FileName.sizeBytes);
  Object.assign(new FileName(new DataView(bytes.buffer)), {
    parentRecord: parent.recordNumber,
    parentSequence: parent.sequence,
    created: time,
    modified: time,
    changed: time,
    accessed: time,
    allocatedSize: allocatedBytes,
    dataSize: dataBytes,
    flags: attributes + (intent.isDirectory ? FILE_NAME_FLAGS.directory : 0),
    nameLength,
    namespace,
  });
  return bytes;
}

function unitsOf(value: DataView): number[] {
  const length = (value.byteLength - FileName.sizeBytes) / 2;
  return Array.from({ length: Math.floor(length) }, (_, unit) =>
    value.getUint16(FileName.sizeBytes + unit * 2, true),
  );
}
