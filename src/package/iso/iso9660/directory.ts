// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { readPart } from "../part.ts";
import { DirectoryRecord, SECTOR_SIZE_BYTES } from "./layout.ts";

/** A directory record and where it is. */
export interface PlacedRecord {
  readonly fields: DirectoryRecord;
  /** Offset of the record in the image. */
  readonly offset: number;
  /** Bytes of the name. */
  readonly name: Uint8Array;
  /** The system use area, where Rock Ridge keeps what ISO 9660 has no place for. */
  readonly systemUse: DataView;
}

/** The smallest record: its head and a name of one byte. */
const RECORD_SIZE_MIN = DirectoryRecord.sizeBytes + 1;

/**
 * The records of the directory at `offset`, without those of itself and its parent.
 *
 * A record lies in one sector; where the rest of a sector has no place for the next one, it is zeros (ECMA-119 6.8.1.1).
 * Throws ISO_DIRECTORY at the first record that cannot be right, and DISC_TRUNCATED where the image ends.
 */
export function* readDirectory(
  source: ByteSource,
  offset: number,
  sizeBytes: number,
): Generator<PlacedRecord> {
  for (let sector = 0; sector < sizeBytes; sector += SECTOR_SIZE_BYTES) {
    const inSector = Math.min(SECTOR_SIZE_BYTES, sizeBytes - sector);
    const view = readPart(source, "directory", offset + sector, inSector);
    let at = 0;
    for (; at < inSector && view.getUint8(at) !== 0; at += view.getUint8(at)) {
      const record = readRecord(view, at, offset + sector + at);
      if (sector === 0 && at === 0) checkFirst(record);
      if (!isSelfOrParent(record)) yield record;
    }
    if (sector === 0 && at === 0) throw notFirst(offset);
  }
}

/** The record of a directory about itself, its first one, or ISO_DIRECTORY where it has none. */
export function readSelf(source: ByteSource, offset: number): PlacedRecord {
  const view = readPart(source, "directory", offset, SECTOR_SIZE_BYTES);
  if (view.getUint8(0) === 0) throw notFirst(offset);
  const record = readRecord(view, 0, offset);
  checkFirst(record);
  return record;
}

function readRecord(view: DataView, at: number, offset: number): PlacedRecord {
  const sizeBytes = view.getUint8(at);
  const left = view.byteLength - at;
  if (sizeBytes < RECORD_SIZE_MIN || sizeBytes > left) {
    const limits = `${RECORD_SIZE_MIN} to ${left} are possible there`;
    throw damaged(`a record has ${sizeBytes} bytes, but ${limits}`, offset);
  }
  const fields = new DirectoryRecord(view, at);
  const { nameSizeBytes } = fields;
  const nameAt = at + DirectoryRecord.sizeBytes;
  if (nameSizeBytes === 0 || nameAt + nameSizeBytes > at + sizeBytes) {
    throw damaged(`a record of ${sizeBytes} bytes cannot have a name of ${nameSizeBytes}`, offset);
  }
  // A name of even size is followed by a byte of padding.
  const useAt = Math.min(nameAt + nameSizeBytes + ((nameSizeBytes + 1) % 2), at + sizeBytes);
  return {
    fields,
    offset,
    name: new Uint8Array(view.buffer, view.byteOffset + nameAt, nameSizeBytes),
    systemUse: new DataView(view.buffer, view.byteOffset + useAt, at + sizeBytes - useAt),
  };
}

/** The directory itself is called 0 and its parent 1 (ECMA-119 6.8.2.2). */
function isSelfOrParent({ name }: PlacedRecord): boolean {
  return name.length === 1 && (name[0] === 0 || name[0] === 1);
}

function checkFirst({ name, offset }: PlacedRecord): void {
  if (name.length !== 1 || name[0] !== 0) throw notFirst(offset);
}

function notFirst(offset: number): VmguestError {
  return damaged("a directory begins with the record of itself, but this one does not", offset);
}

function damaged(message: string, offset: number): VmguestError {
  return new VmguestError("ISO_DIRECTORY", message, { structure: DirectoryRecord.structName, offset });
}
