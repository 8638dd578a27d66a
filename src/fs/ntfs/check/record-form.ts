// SPDX-License-Identifier: MIT
import type { Code } from "../../../errors.ts";
import type { AttributeRecord } from "../attribute-record.ts";
import type { FileRecord } from "../file-record.ts";
import {
  ATTRIBUTE,
  AttributeHeader,
  FileRecordHeader,
  NonResidentHeader,
  ResidentHeader,
} from "../layout.ts";
import { ATTRIBUTE_RULES, FIRST_USER_TYPE } from "./attribute-rules.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** The end marker and the four bytes behind it, which count as used. */
const END_MARKER_SIZE = 8;
const RESIDENT_NAME_AT = AttributeHeader.sizeBytes + ResidentHeader.sizeBytes;
const NON_RESIDENT_NAME_AT = AttributeHeader.sizeBytes + NonResidentHeader.sizeBytes;

/** The form of a FILE record in use and of the attributes in it, as far as the record alone shows it. */
export function checkRecordForm(check: VolumeCheck, record: FileRecord): void {
  const { header, view, attributes } = record;
  const add = (code: Code, message: string, field: keyof typeof FileRecordHeader.offsetOf) =>
    check.addOf(record.recordNumber, code, message, record.where(FileRecordHeader.offsetOf[field]));
  if (header.sequence === 0) add("NTFS_RECORD_SEQUENCE", "is in use with sequence number 0", "sequence");
  if (header.allocatedSize !== view.byteLength) {
    const message = `says it has ${header.allocatedSize} bytes, but has ${view.byteLength}`;
    add("NTFS_RECORD_ALLOCATED_SIZE", message, "allocatedSize");
  }
  const last = attributes.at(-1);
  const end = (last === undefined ? header.firstAttribute : last.at + last.view.byteLength) + END_MARKER_SIZE;
  if (header.usedSize !== end) {
    add("NTFS_RECORD_USED_SIZE", `says ${header.usedSize} bytes are used, but ${end} are`, "usedSize");
  }
  checkIds(check, record);
  for (const [index, attribute] of attributes.entries()) {
    checkAttributeForm(check, attribute);
    const before = attributes[index - 1];
    if (before !== undefined) checkOrder(check, before, attribute);
  }
}

function checkIds(check: VolumeCheck, record: FileRecord): void {
  const { nextAttributeId } = record.header;
  const seen = new Set<number>();
  for (const attribute of record.attributes) {
    const isTaken = seen.has(attribute.id);
    seen.add(attribute.id);
    if (!isTaken && attribute.id < nextAttributeId) continue;
    const message = isTaken
      ? `identifier ${attribute.id} is given twice`
      : `identifier ${attribute.id} is given, and ${nextAttributeId} is to be the next`;
    addAbout(check, "NTFS_ATTRIBUTE_ID", attribute, message);
  }
}

/** By type, then by name; files may have several names, and a long attribute several extents. */
function checkOrder(check: VolumeCheck, one: AttributeRecord, other: AttributeRecord): void {
  const order = one.type - other.type || compareNames(check, one.name, other.name);
  if (order > 0) {
    const message = `stands behind attribute 0x${one.type.toString(16)}${one.name === "" ? "" : ` ${one.name}`}`;
    addAbout(check, "NTFS_ATTRIBUTE_ORDER", other, message);
    return;
  }
  if (order < 0 || one.type === ATTRIBUTE.fileName || one.lowestVcn !== other.lowestVcn) return;
  addAbout(check, "NTFS_ATTRIBUTE_DUPLICATE", other, "stands there twice");
}

function compareNames(check: VolumeCheck, one: string, other: string): number {
  if (one === other) return 0;
  const [target, against] = [fold(check, one), fold(check, other)];
  const length = Math.min(one.length, other.length);
  for (let unit = 0; unit < length; unit++) {
    const order = (target[unit] ?? 0) - (against[unit] ?? 0);
    if (order !== 0) return order;
  }
  return one.length - other.length || (one < other ? -1 : 1);
}

/** Without an upper-case table, which is reported elsewhere, names are compared as they are. */
function fold(check: VolumeCheck, name: string): Uint16Array {
  const raw = Uint16Array.from({ length: name.length }, (_, unit) => name.charCodeAt(unit));
  return check.quietly(raw, () => check.context.collation.fold(name).folded);
}

function checkAttributeForm(check: VolumeCheck, attribute: AttributeRecord): void {
  const { type, isResident } = attribute;
  const residence = ATTRIBUTE_RULES.get(type);
  if (residence === undefined && type < FIRST_USER_TYPE) {
    addAbout(check, "NTFS_ATTRIBUTE_TYPE", attribute, "is of no type that NTFS defines");
  }
  const expected = residence ?? "either";
  if (expected !== "either" && isResident !== (expected === "record")) {
    addAbout(
      check,
      "NTFS_ATTRIBUTE_RESIDENCE",
      attribute,
      `must lie in ${expected}s`.replace("records", "the record"),
    );
  }
  checkLayout(check, attribute);
  if (!isResident) return;
  const { isIndexed } = new ResidentHeader(attribute.view, AttributeHeader.sizeBytes);
  if ((isIndexed !== 0) === (type === ATTRIBUTE.fileName)) return;
  addAbout(check, "NTFS_ATTRIBUTE_INDEXED", attribute, `has the indexed flag ${isIndexed}`);
}

/** Name behind the header, value or runs behind the name, and both on their boundaries. */
function checkLayout(check: VolumeCheck, attribute: AttributeRecord): void {
  const header = new AttributeHeader(attribute.view);
  const headerEnd = attribute.isResident ? RESIDENT_NAME_AT : NON_RESIDENT_NAME_AT;
  const { nameLength, nameOffset } = header;
  if (nameLength > 0 && (nameOffset < headerEnd || nameOffset % 2 !== 0)) {
    addAbout(check, "NTFS_ATTRIBUTE_LAYOUT", attribute, `its name stands at 0x${nameOffset.toString(16)}`);
    return;
  }
  const contentMin = nameLength > 0 ? nameOffset + nameLength * 2 : headerEnd;
  const { offset, boundary } = contentOf(attribute);
  if (offset >= contentMin && offset % boundary === 0) return;
  const what = attribute.isResident ? "value" : "runs";
  addAbout(check, "NTFS_ATTRIBUTE_LAYOUT", attribute, `its ${what} at 0x${offset.toString(16)} stand amiss`);
}

function contentOf({ view, isResident }: AttributeRecord): { offset: number; boundary: number } {
  const at = AttributeHeader.sizeBytes;
  if (!isResident) return { offset: new NonResidentHeader(view, at).runsOffset, boundary: 2 };
  return { offset: new ResidentHeader(view, at).valueOffset, boundary: 8 };
}

/** A finding about an attribute, which it names with its type. */
export function addAbout(check: VolumeCheck, code: Code, attribute: AttributeRecord, message: string): void {
  const { type, record, where } = attribute;
  check.addOf(record.recordNumber, code, `attribute 0x${type.toString(16)}: ${message}`, where);
}
