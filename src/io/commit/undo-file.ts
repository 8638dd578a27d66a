// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import { type Code, VmguestError } from "../../errors.ts";
import { CHANGE_PAGE_BYTES } from "../overlay.ts";
import {
  MAX_NOTE_BYTES,
  MAX_RECORD_COUNT,
  MAX_STEP_COUNT,
  RECORD_FLAGS,
  RECORDS_OFFSET,
  UNDO_SIGNATURE,
  UNDO_VERSION,
  UndoHeader,
  UndoRecord,
} from "./layout.ts";
import { pageLength } from "./page-changes.ts";
import type { StoredFile } from "./stored-file.ts";

/** A page in a step, as the undo file has it. */
export interface StoredPage {
  /** In the image. */
  readonly offset: number;
  readonly length: number;
  /** From 1. */
  readonly step: number;
  readonly oldChecksum: number;
  readonly newChecksum: number;
  /** In the undo file; undefined where the old bytes are zeros. */
  readonly oldAt: number | undefined;
  readonly newAt: number;
}

/** A page that only has to stay as it is. */
export interface WatchedChecksum {
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

/** What an undo file says, checked but for the pages themselves: those when they are read. */
export interface Undo {
  readonly file: StoredFile;
  readonly id: string;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly stepCount: number;
  /** By step and offset. */
  readonly pages: readonly StoredPage[];
  readonly watched: readonly WatchedChecksum[];
  readonly note: Uint8Array;
}

/** Whether the file begins as an undo file does, with zeros where a power cut left it without parts of its beginning. */
export function beginsAsUndo(file: StoredFile): boolean {
  const length = Math.min(UNDO_SIGNATURE.length, file.status().sizeBytes);
  return file.readPadded(0, length).every((byte, at) => byte === 0 || byte === UNDO_SIGNATURE.charCodeAt(at));
}

/** Reads header and records. Throws UNDO_DAMAGED, UNDO_VERSION. */
export function readUndo(file: StoredFile): Undo {
  const header = readHeader(file);
  const recordsSize = header.recordCount * UndoRecord.sizeBytes;
  const table = file.read(RECORDS_OFFSET, recordsSize + header.noteSize);
  if (crc32c(table) !== header.tableChecksum) throw damaged(file, "the records do not match their checksum");
  const undo = {
    file,
    id: header.id,
    sizeBefore: header.sizeBefore,
    sizeAfter: header.sizeAfter,
    stepCount: header.stepCount,
    ...readRecords(file, header, new DataView(table.buffer, 0, recordsSize)),
    note: table.subarray(recordsSize),
  };
  checkVersions(undo);
  return undo;
}

/** A page before or after its step. Throws UNDO_DAMAGED where it does not match its checksum. */
export function readStoredPage({ file }: Undo, page: StoredPage, which: "old" | "new"): Uint8Array {
  const at = which === "old" ? page.oldAt : page.newAt;
  const bytes = at === undefined ? new Uint8Array(page.length) : file.read(at, page.length);
  if (crc32c(bytes) === (which === "old" ? page.oldChecksum : page.newChecksum)) return bytes;
  throw damaged(file, `the ${which} bytes of a page do not match their checksum`, at);
}

/** Reads every page once, so that damage is known before anything is written. Throws UNDO_DAMAGED. */
export function checkStoredPages(undo: Undo): void {
  for (const page of undo.pages) {
    readStoredPage(undo, page, "old");
    readStoredPage(undo, page, "new");
  }
}

function readHeader(file: StoredFile): UndoHeader {
  const { sizeBytes } = file.status();
  if (sizeBytes < RECORDS_OFFSET) throw damaged(file, `${sizeBytes} bytes are too few`);
  const bytes = file.read(0, UndoHeader.sizeBytes);
  const header = new UndoHeader(new DataView(bytes.buffer));
  if (header.signature !== UNDO_SIGNATURE) throw damaged(file, "it does not begin as an undo file does", 0);
  // No format ever had the number 0, but a torn header has.
  if (header.version === 0) throw damaged(file, "its header has no version", UndoHeader.offsetOf.version);
  if (header.version !== UNDO_VERSION) {
    const message = `version ${header.version} of the format is not ${UNDO_VERSION}`;
    throw faultOf("UNDO_VERSION", file, message, UndoHeader.offsetOf.version);
  }
  const blank = bytes.slice();
  new UndoHeader(new DataView(blank.buffer)).checksum = 0;
  if (header.checksum !== crc32c(blank)) throw damaged(file, "the header does not match its checksum", 0);
  checkLimits(file, header);
  if (header.fileSize === sizeBytes) return header;
  throw damaged(file, `it has ${sizeBytes} bytes, but should have ${header.fileSize}`);
}

function checkLimits(file: StoredFile, header: UndoHeader): void {
  const { sizeBefore, sizeAfter, stepCount, recordCount, noteSize } = header;
  const isWithin =
    sizeBefore <= sizeAfter &&
    stepCount >= 1 &&
    stepCount <= MAX_STEP_COUNT &&
    recordCount <= MAX_RECORD_COUNT &&
    noteSize <= MAX_NOTE_BYTES &&
    RECORDS_OFFSET + recordCount * UndoRecord.sizeBytes + noteSize <= header.fileSize;
  if (!isWithin) throw damaged(file, "the sizes and counts of the header are beyond the limits", 0);
}

function readRecords(file: StoredFile, header: UndoHeader, table: DataView): Pick<Undo, "pages" | "watched"> {
  const pages: StoredPage[] = [];
  const watched: WatchedChecksum[] = [];
  let previous = { step: 0, offset: -1 };
  let dataAt = RECORDS_OFFSET + table.byteLength + header.noteSize;
  for (let at = 0; at < table.byteLength; at += UndoRecord.sizeBytes) {
    const { offset, step, flags, oldChecksum, newChecksum } = new UndoRecord(table, at);
    const isNext = step > previous.step || (step === previous.step && offset > previous.offset);
    const isPage = offset % CHANGE_PAGE_BYTES === 0 && offset < header.sizeAfter && step <= header.stepCount;
    const hasFlags = flags === 0 || (flags === RECORD_FLAGS.oldIsZeros && step > 0);
    if (!isNext || !isPage || !hasFlags) {
      throw damaged(file, "a record is out of order, or of no page of the image", RECORDS_OFFSET + at);
    }
    previous = { step, offset };
    const length = pageLength(offset, header.sizeAfter);
    if (step === 0) {
      watched.push({ offset, length, checksum: newChecksum });
      continue;
    }
    const oldAt = flags === RECORD_FLAGS.oldIsZeros ? undefined : dataAt;
    const newAt = oldAt === undefined ? dataAt : dataAt + length;
    dataAt = newAt + length;
    pages.push({ offset, length, step, oldChecksum, newChecksum, oldAt, newAt });
  }
  if (dataAt === header.fileSize) return { pages, watched };
  throw damaged(file, `the pages end at 0x${dataAt.toString(16)}, which is not the end of the file`);
}

/** What a page is after one step, it has to be before its next one; and no page is changed that is only watched. */
function checkVersions({ file, pages, watched, sizeBefore }: Undo): void {
  const latest = new Map<number, number>();
  const still = new Set(watched.map(({ offset }) => offset));
  for (const { offset, oldChecksum, newChecksum, oldAt } of pages) {
    const before = latest.get(offset);
    const follows = before === undefined || before === oldChecksum;
    const begins = before !== undefined || offset < sizeBefore || oldAt === undefined;
    if (!follows || !begins || still.has(offset)) {
      throw damaged(file, `the records disagree on the page at 0x${offset.toString(16)} of the image`);
    }
    latest.set(offset, newChecksum);
  }
}

function damaged(file: StoredFile, message: string, offset?: number): VmguestError {
  return faultOf("UNDO_DAMAGED", file, message, offset);
}

function faultOf(code: Code, file: StoredFile, message: string, offset?: number): VmguestError {
  return new VmguestError(code, message, { image: file.path, ...(offset !== undefined && { offset }) });
}
