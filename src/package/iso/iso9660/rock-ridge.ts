// SPDX-License-Identifier: MIT
import { finding } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { DiscEntryType, Note } from "../tree.ts";
import { decodeBytes } from "./byte-text.ts";
import {
  AlternateName,
  ChildLink,
  ContinuationArea,
  NAME_FLAGS,
  PosixAttributes,
  RecordTime,
  SharingIndicator,
  SystemUseEntry,
  TIME_FLAGS,
  TimeStamps,
} from "./layout.ts";
import { readRecordTime } from "./record-time.ts";

/** Names have 255 bytes at most and links a few kilobytes: what goes on oftener leads back to itself. */
const CONTINUATION_COUNT_MAX = 32;

/** Longer names than a Linux file system can have are damage (NAME_MAX). */
const NAME_SIZE_MAX = 255;

/** What Rock Ridge says of one record. */
export interface RockRidge {
  name: string | undefined;
  type: DiscEntryType | undefined;
  /** As `DiscNode.modified`; undefined where it says nothing. */
  modified: string | null | undefined;
  /** First block of the directory that stands elsewhere and belongs here. */
  childBlock: number | undefined;
  /** Whether the record is that other place, which is not to be seen. */
  isRelocated: boolean;
  /** Whether the data is compressed (zisofs). */
  isCompressed: boolean;
}

/** An entry of a system use area. */
interface PlacedEntry {
  readonly signature: string;
  /** Exactly the entry. */
  readonly view: DataView;
}

/** How a volume uses the system use areas: bytes to pass over in each. */
export interface SystemUse {
  readonly source: ByteSource;
  readonly blockSizeBytes: number;
  readonly skipBytes: number;
  readonly note: Note;
}

/** What the record of the root about itself says of Rock Ridge: the bytes to pass over, or undefined for none of it. */
export function detectRockRidge(use: Omit<SystemUse, "skipBytes">, area: DataView, offset: number) {
  let skipBytes: number | undefined;
  let hasRockRidge = false;
  for (const { signature, view } of entriesOf({ ...use, skipBytes: 0 }, area, offset)) {
    if (signature === "SP" && view.byteLength >= SharingIndicator.sizeBytes) {
      const indicator = new SharingIndicator(view);
      const [first, second] = indicator.check;
      if (first === 0xbe && second === 0xef) skipBytes = indicator.skipBytes;
    }
    if (signature === "RR" || signature === "PX" || signature === "ER") hasRockRidge = true;
  }
  return hasRockRidge ? skipBytes : undefined;
}

/** Reads the system use area of a record at `offset`; damage ends it with a note, and what came before counts. */
export function readRockRidge(use: SystemUse, area: DataView, offset: number): RockRidge {
  const found: RockRidge = {
    name: undefined,
    type: undefined,
    modified: undefined,
    childBlock: undefined,
    isRelocated: false,
    isCompressed: false,
  };
  const name: number[] = [];
  for (const { signature, view } of entriesOf(use, area, offset)) {
    if (signature === "NM") addName(name, view);
    else if (signature === "PX" && view.byteLength >= PosixAttributes.sizeBytes)
      found.type = typeOfMode(new PosixAttributes(view).mode);
    else if (signature === "TF" && view.byteLength >= TimeStamps.sizeBytes)
      found.modified ??= modifiedOf(view);
    else if (signature === "CL" && view.byteLength >= ChildLink.sizeBytes)
      found.childBlock = new ChildLink(view).block;
    else if (signature === "SL") found.type ??= "link";
    else if (signature === "RE") found.isRelocated = true;
    else if (signature === "ZF") found.isCompressed = true;
  }
  if (name.length > NAME_SIZE_MAX) note(use, `a name of ${name.length} bytes was not used`, offset);
  else if (name.length > 0) found.name = decodeBytes(Uint8Array.from(name));
  return found;
}

/** The entries of an area and of those it is continued in. */
function* entriesOf(use: SystemUse, area: DataView, offset: number): Generator<PlacedEntry> {
  let left: DataView | undefined = area;
  let at = use.skipBytes;
  for (let count = 0; left !== undefined; count++) {
    if (count > CONTINUATION_COUNT_MAX) {
      return note(use, "the system use area is continued without end", offset);
    }
    let next: ContinuationArea | undefined;
    // Less than the head of an entry is padding.
    while (at + SystemUseEntry.sizeBytes <= left.byteLength) {
      const { signature, sizeBytes } = new SystemUseEntry(left, at);
      if (signature === "ST" || signature === "\0\0") break;
      if (sizeBytes < SystemUseEntry.sizeBytes || at + sizeBytes > left.byteLength) {
        return note(use, `an entry of the system use area has ${sizeBytes} bytes`, offset);
      }
      const view = new DataView(left.buffer, left.byteOffset + at, sizeBytes);
      if (signature === "CE" && sizeBytes >= ContinuationArea.sizeBytes) next = new ContinuationArea(view);
      else yield { signature, view };
      at += sizeBytes;
    }
    left = next === undefined ? undefined : continuationOf(use, next, offset);
    at = 0;
  }
}

function continuationOf(use: SystemUse, next: ContinuationArea, offset: number): DataView | undefined {
  const place = next.block * use.blockSizeBytes + next.offset;
  // An area lies in one block (SUSP 5.1), so its size cannot ask for more.
  if (next.areaSizeBytes <= use.blockSizeBytes && place + next.areaSizeBytes <= use.source.sizeBytes) {
    return use.source.read(place, next.areaSizeBytes);
  }
  note(use, `the system use area goes on at 0x${place.toString(16)}, which cannot be`, offset);
  return undefined;
}

function addName(name: number[], view: DataView): void {
  if (view.byteLength < AlternateName.sizeBytes) return;
  const { flags } = new AlternateName(view);
  if ((flags & (NAME_FLAGS.self | NAME_FLAGS.parent)) !== 0) return;
  for (let at = AlternateName.sizeBytes; at < view.byteLength; at++) name.push(view.getUint8(at));
}

const FILE_TYPE_MASK = 0o170000;

function typeOfMode(mode: number): DiscEntryType {
  switch (mode & FILE_TYPE_MASK) {
    case 0o040000:
      return "directory";
    case 0o100000:
      return "file";
    case 0o120000:
      return "link";
    default:
      return "device";
  }
}

/** The time of modification, which stands behind that of creation; undefined where there is none of seven bytes. */
function modifiedOf(view: DataView): string | null | undefined {
  const { flags } = new TimeStamps(view);
  if ((flags & TIME_FLAGS.modified) === 0 || (flags & TIME_FLAGS.isLong) !== 0) return undefined;
  const at = TimeStamps.sizeBytes + ((flags & TIME_FLAGS.created) === 0 ? 0 : RecordTime.sizeBytes);
  return at + RecordTime.sizeBytes <= view.byteLength ? readRecordTime(view, at) : undefined;
}

function note(use: SystemUse, message: string, offset: number): void {
  use.note(finding("ISO_ROCK_RIDGE", message, { structure: "system use area", offset }));
}
