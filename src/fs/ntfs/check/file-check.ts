// SPDX-License-Identifier: MIT
import type { AttributeRecord } from "../attribute-record.ts";
import type { FileRecord } from "../file-record.ts";
import {
  ATTRIBUTE,
  FILE_NAME_FLAGS,
  RECORD,
  RECORD_FLAGS,
  StandardInformation,
  StandardInformationTail,
} from "../layout.ts";
import { checkExtents, type ExtentCheck } from "./extents.ts";
import { readFileName, type StoredName } from "./file-name.ts";
import { gatherParts } from "./file-parts.ts";
import { checkNames } from "./names.ts";
import { addAbout } from "./record-form.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** Records before this one are not for files: some of those in use have no name. */
export const FIRST_FILE_RECORD = 24;
const INDEX_NAME = "$I30";
const NAMESPACE_MAX = 3;
const STANDARD_INFORMATION_SIZES: readonly number[] = [
  StandardInformation.sizeBytes,
  StandardInformation.sizeBytes + StandardInformationTail.sizeBytes,
];

export interface FileCheckOptions {
  readonly extents: ExtentCheck;
  /** Keys of $Secure, or undefined where it has none or cannot be read. */
  readonly securityIds: ReadonlySet<number> | undefined;
}

/** A file as a whole: what its base record and its extension records make together. */
export function checkFile(check: VolumeCheck, base: FileRecord, options: FileCheckOptions): void {
  const { recordNumber } = base;
  const { attributes, isWhole } = gatherParts(check, base);
  if (!isWhole) {
    check.records.mark(recordNumber, RECORD_STATE.damaged);
    return;
  }
  checkStandardInformation(check, base, attributes, options.securityIds);
  checkContent(check, base, attributes);
  const names = readNames(check, attributes);
  if (names === undefined) check.records.mark(recordNumber, RECORD_STATE.damaged);
  else keepNames(check, base, names);
  for (const extents of byAttribute(attributes).values()) {
    checkExtents(check, extents);
  }
}

/** The extents of every attribute in clusters, in order. */
function byAttribute(attributes: readonly AttributeRecord[]): Map<string, AttributeRecord[]> {
  const groups = new Map<string, AttributeRecord[]>();
  for (const attribute of attributes) {
    if (attribute.isResident) continue;
    const key = `${attribute.type}:${attribute.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [attribute]);
    else group.push(attribute);
  }
  return groups;
}

function checkStandardInformation(
  check: VolumeCheck,
  base: FileRecord,
  attributes: readonly AttributeRecord[],
  securityIds: ReadonlySet<number> | undefined,
): void {
  const { recordNumber } = base;
  const information = attributes.find(({ type }) => type === ATTRIBUTE.standardInformation);
  if (information === undefined) {
    const message = "has no $STANDARD_INFORMATION";
    if (recordNumber >= FIRST_FILE_RECORD || recordNumber <= RECORD.extend)
      check.addOf(recordNumber, "NTFS_STANDARD_INFORMATION", message, base.where());
    return;
  }
  // One in clusters is reported as such already.
  if (!information.isResident) return;
  const value = check.attempt(() => information.value, recordNumber);
  if (value === undefined) return;
  if (!STANDARD_INFORMATION_SIZES.includes(value.byteLength)) {
    addAbout(check, "NTFS_STANDARD_INFORMATION", information, `has ${value.byteLength} bytes`);
    return;
  }
  if (value.byteLength === StandardInformation.sizeBytes || securityIds === undefined) return;
  const { securityId } = new StandardInformationTail(value, StandardInformation.sizeBytes);
  if (securityId === 0 || securityIds.has(securityId)) return;
  const message = `security identifier 0x${securityId.toString(16)} is not in $Secure`;
  addAbout(check, "NTFS_SECURITY_ID", information, message);
}

/** The names of a file, or undefined where one of them makes no sense. */
function readNames(check: VolumeCheck, attributes: readonly AttributeRecord[]): StoredName[] | undefined {
  const names: StoredName[] = [];
  let isSound = true;
  for (const attribute of attributes) {
    if (attribute.type !== ATTRIBUTE.fileName) continue;
    const value = attribute.isResident
      ? check.attempt(() => attribute.value, attribute.record.recordNumber)
      : undefined;
    const name = value === undefined ? undefined : readFileName(value);
    if (name !== undefined && name.namespace <= NAMESPACE_MAX) {
      names.push(name);
      continue;
    }
    isSound = false;
    if (value === undefined) continue;
    const fault =
      name === undefined
        ? `a value of ${value.byteLength} bytes is no name`
        : `there is no namespace ${name.namespace}`;
    addAbout(check, "NTFS_FILE_NAME", attribute, fault);
  }
  return isSound ? names : undefined;
}

function keepNames(check: VolumeCheck, base: FileRecord, names: readonly StoredName[]): void {
  const { recordNumber, header } = base;
  checkNames(check, base, names);
  for (const name of names) check.records.addName(recordNumber, name);
  const [first] = names;
  if (first !== undefined) check.records.parents[recordNumber] = first.parentRecord;
  if (header.linkCount !== names.length) {
    const message = `has ${names.length} names, but counts ${header.linkCount} links`;
    check.addOf(recordNumber, "NTFS_LINK_COUNT", message, base.where());
  }
  if (first === undefined && recordNumber >= FIRST_FILE_RECORD) {
    check.add("NTFS_NAME_MISSING", "is in use, but has no name", base.where());
  }
  // Where flag and index of the record disagree, there is nothing to hold its names to.
  if (check.records.is(recordNumber, RECORD_STATE.indexDamaged)) return;
  for (const { flags, name } of names) {
    if (((flags & FILE_NAME_FLAGS.directory) !== 0) === base.isDirectory) continue;
    const message = `the name ${name} says ${base.isDirectory ? "file" : "directory"}, the record does not`;
    check.addOf(recordNumber, "NTFS_NAME_DIRECTORY_FLAG", message, base.where());
  }
}

/** A directory has an index of names, anything else has data or an index of another sort. */
function checkContent(check: VolumeCheck, base: FileRecord, attributes: readonly AttributeRecord[]): void {
  const { recordNumber, isDirectory } = base;
  const has = (type: number, name?: string) =>
    attributes.some(
      (attribute) => attribute.type === type && (name === undefined || attribute.name === name),
    );
  const hasIndex = has(ATTRIBUTE.indexRoot, INDEX_NAME);
  if (isDirectory !== hasIndex) {
    const message = hasIndex
      ? "has an index of names, but is no directory"
      : "is a directory without an index";
    check.addOf(recordNumber, "NTFS_DIRECTORY_FLAG", message, base.where());
    check.records.mark(recordNumber, RECORD_STATE.indexDamaged);
    return;
  }
  const data = attributes.find(
    ({ type, name, lowestVcn }) => type === ATTRIBUTE.data && name === "" && lowestVcn === 0,
  );
  if (data !== undefined && !isDirectory && recordNumber >= FIRST_FILE_RECORD) {
    check.records.dataSizes[recordNumber] = sizeOf(data);
  }
  const isIndex = isDirectory || (base.header.flags & RECORD_FLAGS.viewIndex) !== 0;
  if (isIndex || has(ATTRIBUTE.data) || recordNumber < FIRST_FILE_RECORD) return;
  check.addOf(recordNumber, "NTFS_DATA_MISSING", "is a file without data", base.where());
}

/** Bytes of the unnamed data; what is wrong with the sizes is reported with the extents. */
function sizeOf(data: AttributeRecord): number {
  const at = data.isResident ? 0x10 : 0x30;
  return data.isResident ? data.view.getUint32(at, true) : Number(data.view.getBigUint64(at, true));
}
