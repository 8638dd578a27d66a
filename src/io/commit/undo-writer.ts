// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import {
  RECORD_FLAGS,
  RECORDS_OFFSET,
  UNDO_SIGNATURE,
  UNDO_VERSION,
  UndoHeader,
  UndoRecord,
} from "./layout.ts";
import { isZeros, type PageChange } from "./page-changes.ts";
import type { StoredFile } from "./stored-file.ts";

/** Bytes that are written at once. */
const CHUNK_BYTES = 1024 * 1024;

/** A page that the change leaves alone, and that shows by its bytes whether the image has been used since. */
export interface WatchedPage {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** All that an undo file says. */
export interface UndoContent {
  readonly id: string;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly modifiedBefore: bigint;
  readonly stepCount: number;
  readonly pages: readonly PageChange[];
  /** By offset. */
  readonly watched: readonly WatchedPage[];
  readonly note: Uint8Array;
}

/** Bytes that the undo file will have. */
export function undoFileSize({ pages, watched, note }: UndoContent): number {
  let sizeBytes = RECORDS_OFFSET + (pages.length + watched.length) * UndoRecord.sizeBytes + note.length;
  for (const { before, after } of pages) sizeBytes += (isZeros(before) ? 0 : before.length) + after.length;
  return sizeBytes;
}

/** Writes everything but the marks; the caller flushes, and then marks it as ready. */
export function writeUndoContent(file: StoredFile, content: UndoContent): void {
  const table = tableOf(content);
  file.write(headerOf(content, table), 0);
  const chunk = new Chunk(file, RECORDS_OFFSET, undoFileSize(content));
  chunk.append(table);
  for (const { before, after } of content.pages) {
    if (!isZeros(before)) chunk.append(before);
    chunk.append(after);
  }
  chunk.end();
}

/** Header and room for the marks: written out, so that no mark has to find space on a full disk. */
function headerOf(content: UndoContent, table: Uint8Array): Uint8Array {
  const block = new Uint8Array(RECORDS_OFFSET);
  const header = new UndoHeader(new DataView(block.buffer));
  header.signature = UNDO_SIGNATURE;
  header.version = UNDO_VERSION;
  header.id = content.id;
  header.sizeBefore = content.sizeBefore;
  header.sizeAfter = content.sizeAfter;
  header.modifiedBefore = content.modifiedBefore;
  header.stepCount = content.stepCount;
  header.recordCount = content.pages.length + content.watched.length;
  header.noteSize = content.note.length;
  header.tableChecksum = crc32c(table);
  header.fileSize = undoFileSize(content);
  header.checksum = crc32c(block.subarray(0, UndoHeader.sizeBytes));
  return block;
}

/** Records and note. */
function tableOf({ pages, watched, note }: UndoContent): Uint8Array {
  const recordsSize = (watched.length + pages.length) * UndoRecord.sizeBytes;
  const table = new Uint8Array(recordsSize + note.length);
  const view = new DataView(table.buffer);
  let at = 0;
  const put = (offset: number, step: number, before: Uint8Array, after: Uint8Array) => {
    const record = new UndoRecord(view, at);
    record.offset = offset;
    record.step = step;
    record.flags = step > 0 && isZeros(before) ? RECORD_FLAGS.oldIsZeros : 0;
    record.oldChecksum = crc32c(before);
    record.newChecksum = crc32c(after);
    at += UndoRecord.sizeBytes;
  };
  for (const { offset, bytes } of watched) put(offset, 0, bytes, bytes);
  for (const { offset, step, before, after } of pages) put(offset, step, before, after);
  table.set(note, at);
  return table;
}

/** Gathers what stands one after the other, and writes it in large pieces. */
class Chunk {
  readonly #file: StoredFile;
  readonly #bytes: Uint8Array;
  #offset: number;
  #used = 0;

  constructor(file: StoredFile, offset: number, sizeBytes: number) {
    this.#file = file;
    this.#offset = offset;
    this.#bytes = new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes));
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done, done + this.#bytes.length - this.#used);
      this.#bytes.set(part, this.#used);
      this.#used += part.length;
      done += part.length;
      if (this.#used === this.#bytes.length) this.end();
    }
  }

  end(): void {
    if (this.#used > 0) this.#file.write(this.#bytes.subarray(0, this.#used), this.#offset);
    this.#offset += this.#used;
    this.#used = 0;
  }
}
