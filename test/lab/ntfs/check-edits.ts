// SPDX-License-Identifier: MIT
import { decodeUtf16, encodeUtf16 } from "../../../src/bytes/index.ts";
import { AttributeRecord } from "../../../src/fs/ntfs/attribute-record.ts";
import { FileRecord } from "../../../src/fs/ntfs/file-record.ts";
import {
  ATTRIBUTE,
  BootSector,
  FileName,
  IndexBlockHeader,
  IndexEntryHeader,
  IndexRoot,
  RECORD,
} from "../../../src/fs/ntfs/layout.ts";
import { inBlock, inRecord, type ViewEdit, type VolumeEdit, value } from "./damage.ts";
import { attributeAt } from "./edit.ts";
import type { LabVolume } from "./volume.ts";

/** Several edits, one after the other. */
export const all =
  (...edits: readonly VolumeEdit[]): VolumeEdit =>
  (volume) => {
    for (const edit of edits) edit(volume);
  };

/** In the boot sector and in its backup alike. */
export const inBoot =
  (edit: (boot: BootSector) => void): VolumeEdit =>
  ({ bytes }) => {
    const { buffer, byteOffset, byteLength } = bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    for (const at of [0, byteLength - BootSector.sizeBytes]) edit(new BootSector(view, at));
  };

/** In a record that $MFTMirr holds, and in its copy there. */
export const inMirrored =
  (recordNumber: number, edit: ViewEdit): VolumeEdit =>
  (volume) => {
    inRecord(recordNumber, edit)(volume);
    const { bytes, recordSizeBytes } = volume;
    const offset = volume.recordOffset(recordNumber);
    bytes.copyWithin(
      dataOffset(volume, RECORD.mftMirror) + recordNumber * recordSizeBytes,
      offset,
      offset + recordSizeBytes,
    );
  };

/** Byte offset on the volume of the first cluster of an attribute. */
export function dataOffset(volume: LabVolume, recordNumber: number, type: number = ATTRIBUTE.data): number {
  const start = volume.recordOffset(recordNumber);
  const record = FileRecord.parse(volume.bytes.slice(start, start + volume.recordSizeBytes), recordNumber);
  const attribute = AttributeRecord.parse(record, attributeAt(record.view, type), record.header.usedSize);
  return (attribute.decodeRuns(2 ** 30).lcns[0] ?? 0) * volume.clusterSizeBytes;
}

/** Sets or clears a bit of a bitmap in clusters: of $Bitmap, or of $MFT with its own type. */
export const setBit =
  (recordNumber: number, bit: (volume: LabVolume) => number, isSet: boolean, type?: number): VolumeEdit =>
  (volume) => {
    const index = bit(volume);
    const at = dataOffset(volume, recordNumber, type) + Math.floor(index / 8);
    const before = volume.bytes[at] as number;
    volume.bytes[at] = isSet ? before | (1 << (index % 8)) : before & ~(1 << (index % 8));
  };

/** An attribute of a record that is not the first of its type. */
export const nthAttribute =
  (type: number, position: number, edit: (attribute: DataView) => void): ViewEdit =>
  (record) =>
    edit(new DataView(record.buffer, record.byteOffset + attributeAt(record, type, position)));

/** In a $FILE_NAME of a record. */
export const inName = (path: string, edit: (name: FileName) => void): VolumeEdit =>
  inRecord(
    path,
    value(ATTRIBUTE.fileName, (view) => edit(new FileName(view))),
  );

/** In the directory entry with a name, in whatever node it stands: its header, and its key. */
export const inEntry =
  (directory: string, name: string, edit: (header: IndexEntryHeader, key: FileName) => void): VolumeEdit =>
  (volume) => {
    let found = false;
    const search =
      (headerAt: number): ViewEdit =>
      (node) => {
        const end = headerAt + node.getUint32(headerAt + 4, true);
        for (let at = headerAt + node.getUint32(headerAt, true); at < end; ) {
          const header = new IndexEntryHeader(node, at);
          const keyAt = at + IndexEntryHeader.sizeBytes;
          at += header.length;
          if (header.keyLength === 0) continue;
          const key = new FileName(node, keyAt);
          if (decodeUtf16(node, keyAt + FileName.sizeBytes, key.nameLength * 2) !== name) continue;
          edit(header, key);
          found = true;
          return;
        }
      };
    const target = directory === "" ? RECORD.root : directory;
    inRecord(target, value(ATTRIBUTE.indexRoot, search(IndexRoot.sizeBytes)))(volume);
    for (let block = 0; block < volume.indexBlockOffsets(directory).length; block++) {
      if (!found) inBlock(directory, block, search(IndexBlockHeader.sizeBytes))(volume);
    }
    if (!found) throw new RangeError(`${directory} has no entry ${name}`);
  };

/** Gives a $FILE_NAME another name of the same length. */
export function rename({ view, at }: FileName, name: string): void {
  const bytes = encodeUtf16(name);
  new Uint8Array(view.buffer, view.byteOffset + at + FileName.sizeBytes, bytes.length).set(bytes);
}

/** A file and its entry under another name of the same length: the entry stays where it was. */
export const renameBoth = (directory: string, name: string, other: string): VolumeEdit =>
  all(
    inName(`${directory}/${name}`, (stored) => rename(stored, other)),
    inEntry(directory, name, (_, key) => rename(key, other)),
  );
