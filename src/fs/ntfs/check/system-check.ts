// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../../bytes/index.ts";
import { readBytes } from "../../../io/index.ts";
import { AttributeSet } from "../attribute.ts";
import { ATTRIBUTE, RECORD } from "../layout.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** What each metadata file must have. */
const METADATA_FILES: readonly (readonly [recordNumber: number, path: string, type: number, name: string])[] =
  [
    [RECORD.mft, "$MFT", ATTRIBUTE.data, ""],
    [RECORD.mftMirror, "$MFTMirr", ATTRIBUTE.data, ""],
    [RECORD.logFile, "$LogFile", ATTRIBUTE.data, ""],
    [RECORD.volume, "$Volume", ATTRIBUTE.volumeInformation, ""],
    [RECORD.attributeDefinitions, "$AttrDef", ATTRIBUTE.data, ""],
    [RECORD.root, "the root directory", ATTRIBUTE.indexRoot, "$I30"],
    [RECORD.bitmap, "$Bitmap", ATTRIBUTE.data, ""],
    [RECORD.boot, "$Boot", ATTRIBUTE.data, ""],
    [RECORD.badClusters, "$BadClus", ATTRIBUTE.data, "$Bad"],
    [RECORD.secure, "$Secure", ATTRIBUTE.data, "$SDS"],
    [RECORD.upcase, "$UpCase", ATTRIBUTE.data, ""],
    [RECORD.extend, "$Extend", ATTRIBUTE.indexRoot, "$I30"],
  ];

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** An entry of $AttrDef: a name of 64 units, then the type. */
const DEFINITION_SIZE_BYTES = 160;
const DEFINITION_TYPE_AT = 128;
/** The mirror is one cluster at most, and a cluster 2 MiB at most. */
const MIRROR_SIZE_MAX = 2 * 1024 * 1024;
const FIRST_DEFINITION = "$STANDARD_INFORMATION";

/** The metadata files with a fixed record: that they are there, and what of their content can be wrong. */
export function checkSystemFiles(check: VolumeCheck): void {
  const { records, context } = check;
  for (const [recordNumber, path, type, name] of METADATA_FILES) {
    const where = { path: "$MFT", structure: `FILE record ${recordNumber}` };
    if (records.is(recordNumber, RECORD_STATE.damaged)) continue;
    if (!records.is(recordNumber, RECORD_STATE.inUse | RECORD_STATE.base)) {
      check.add("NTFS_SYSTEM_FILE", `${path} is not in use`, where);
      continue;
    }
    const found = check.attempt(
      () =>
        new AttributeSet(context.mft.record(recordNumber), context.mft, context.space).find(type, name) ??
        null,
    );
    if (found === null) {
      const message = `${path} has no attribute 0x${type.toString(16)}${name === "" ? "" : ` named ${name}`}`;
      check.add("NTFS_SYSTEM_FILE", message, where);
    }
  }
  checkUpcase(check);
  checkDefinitions(check);
}

function checkUpcase(check: VolumeCheck): void {
  check.attempt(() => {
    const { collation } = check.context;
    const folded = String.fromCharCode(...collation.fold(`${LETTERS}${CAPITALS}0123456789$`).folded);
    if (folded === `${CAPITALS}${CAPITALS}0123456789$`) return;
    check.add("NTFS_UPCASE_TABLE", `maps the letters of ASCII to ${folded}`, { path: "$UpCase" });
  });
}

function checkDefinitions(check: VolumeCheck): void {
  if (check.records.is(RECORD.attributeDefinitions, RECORD_STATE.damaged)) return;
  const where = { path: "$AttrDef", structure: "attribute definition", offset: 0 };
  check.attempt(() => {
    const { mft, space } = check.context;
    const attributes = new AttributeSet(mft.record(RECORD.attributeDefinitions), mft, space);
    const source = attributes.find(ATTRIBUTE.data)?.open("$AttrDef");
    if (source === undefined) return;
    if (source.sizeBytes < DEFINITION_SIZE_BYTES) {
      check.add("NTFS_ATTRIBUTE_DEFINITIONS", `has only ${source.sizeBytes} bytes`, where);
      return;
    }
    const view = source.read(0, DEFINITION_SIZE_BYTES);
    const name = decodeUtf16(view, 0, FIRST_DEFINITION.length * 2);
    const type = view.getUint32(DEFINITION_TYPE_AT, true);
    if (name === FIRST_DEFINITION && type === ATTRIBUTE.standardInformation) return;
    check.add("NTFS_ATTRIBUTE_DEFINITIONS", `does not begin with ${FIRST_DEFINITION}`, where);
  });
}

/** Every record that $MFTMirr holds against the one in $MFT. */
export function checkMirror(check: VolumeCheck): void {
  const { recordSizeBytes } = check.geometry;
  // A record that was damaged was read from the mirror, which is a finding of its own.
  const taken = new Set(
    check.volume.findings
      .filter(({ code }) => code === "NTFS_MFT_DAMAGED")
      .map(({ where }) => where.structure),
  );
  check.attempt(() => {
    const table = check.volume.openRecord(RECORD.mft, "$MFT").open();
    const mirror = check.volume.openRecord(RECORD.mftMirror, "$MFTMirr").open();
    const count = Math.min(mirror.sizeBytes, table.sizeBytes, MIRROR_SIZE_MAX) / recordSizeBytes;
    for (let recordNumber = 0; recordNumber + 1 <= count; recordNumber++) {
      const offset = recordNumber * recordSizeBytes;
      const structure = `FILE record ${recordNumber}`;
      const [one, other] = [
        readBytes(table, offset, recordSizeBytes),
        readBytes(mirror, offset, recordSizeBytes),
      ];
      const at = one.findIndex((byte, index) => byte !== other[index]);
      if (at === -1 || taken.has(structure)) continue;
      const message = `differs from the record in $MFT from byte 0x${at.toString(16)} on`;
      check.add("NTFS_MIRROR_DIFFERS", message, { path: "$MFTMirr", structure, offset: offset + at });
    }
  });
}
