// SPDX-License-Identifier: MIT
import { ascii, guid, reserved, type Struct, size64, struct, u32, u64 } from "../../bytes/index.ts";

/** First bytes of an undo file: the line end and the end-of-file of DOS show a copy that was taken for text. */
export const UNDO_SIGNATURE = "vmguest undo\r\n\x1a\0";
export const UNDO_VERSION = 1;

/** Header and marks have a block of this size each, so that no write of one can damage another. */
export const BLOCK_BYTES = 4096;

/** File offsets of the marks. */
export const MARK_OFFSETS = { ready: 4096, sealed: 8192, undoing: 12288 } as const;
export type MarkName = keyof typeof MARK_OFFSETS;

/** File offset of the records; the note follows them, then the pages. */
export const RECORDS_OFFSET = 16384;

const headerFields = {
  signature: ascii(0, 16, "`vmguest undo`, CR, LF, 0x1A, NUL"),
  version: u32(16, "1"),
  checksum: u32(20, "CRC-32C of this header, this field being 0"),
  id: guid(24, "names the change; the marks repeat it"),
  sizeBefore: size64(40, "bytes of the image before the change"),
  sizeAfter: size64(48, "bytes of the image after it, not less"),
  modifiedBefore: u64(56, "when the image was last written to before the change, ns since 1970; for people"),
  stepCount: u32(64, "number of steps, 1 to 256"),
  recordCount: u32(68, "number of records, at most 32,768"),
  noteSize: u32(72, "bytes of the note, at most 65,536"),
  tableChecksum: u32(76, "CRC-32C of records and note"),
  fileSize: size64(80, "bytes of the undo file"),
};

/** First block of an undo file; zeros follow up to the marks. */
export const UndoHeader = struct("undo header", 88, headerFields);
export type UndoHeader = Struct<typeof headerFields>;

const markFields = {
  name: ascii(0, 8, "`ready`, `sealed` or `undoing`, filled up with NUL"),
  id: guid(8, "the change, as in the header"),
  modified: u64(24, "when the image was last written to, ns since 1970, where the mark is `sealed`; else 0"),
  checksum: u32(32, "CRC-32C of this mark, this field being 0"),
  reserved: reserved(36, 4),
};

/** What has been reached, one mark to a block: a mark is valid as a whole, or it is not there. */
export const UndoMark = struct("undo mark", 40, markFields);
export type UndoMark = Struct<typeof markFields>;

const recordFields = {
  offset: size64(0, "place in the image, a multiple of 4096"),
  step: u32(8, "step that writes the page, from 1; 0 for a page that is only watched"),
  flags: u32(12, "see below"),
  oldChecksum: u32(16, "CRC-32C of the page before the step"),
  newChecksum: u32(20, "CRC-32C of the page after it; the same where it is watched"),
};

/** One page of the image in one step. */
export const UndoRecord = struct("undo record", 24, recordFields);
export type UndoRecord = Struct<typeof recordFields>;

/** `UndoRecord.flags`. */
export const RECORD_FLAGS = { oldIsZeros: 1 } as const;

/** A staging has some seven steps for each edit of a hive, some for the volume, and those that a VHDX takes for its log. */
export const MAX_STEP_COUNT = 256;
/** 128 MiB in pages, which are in memory before and after; an update of the integration services changes some thousand. */
export const MAX_RECORD_COUNT = 32_768;
export const MAX_NOTE_BYTES = 65_536;
