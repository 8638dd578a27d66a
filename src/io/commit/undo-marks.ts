// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import { BLOCK_BYTES, MARK_OFFSETS, type MarkName, UndoMark } from "./layout.ts";
import type { StoredFile } from "./stored-file.ts";

/** A mark that is there. */
export interface Mark {
  readonly modifiedNs: bigint;
}

/** Writes a mark, in a block of its own, and flushes it. */
export function writeMark(file: StoredFile, name: MarkName, id: string, modifiedNs = 0n): void {
  const block = new Uint8Array(BLOCK_BYTES);
  const mark = new UndoMark(new DataView(block.buffer));
  mark.name = name;
  mark.id = id;
  mark.modified = modifiedNs;
  mark.checksum = checksumOf(block);
  file.write(block, MARK_OFFSETS[name]);
  file.flush();
}

/** Takes a mark away, and flushes that. */
export function clearMark(file: StoredFile, name: MarkName): void {
  file.write(new Uint8Array(BLOCK_BYTES), MARK_OFFSETS[name]);
  file.flush();
}

/** The mark, or undefined where there is none: zeros, or what a power cut left of writing or clearing one. */
export function readMark(file: StoredFile, name: MarkName, id?: string): Mark | undefined {
  const bytes = file.readPadded(MARK_OFFSETS[name], UndoMark.sizeBytes);
  const mark = new UndoMark(new DataView(bytes.buffer));
  const isValid = mark.name.replace(/\0+$/, "") === name && mark.checksum === checksumOf(bytes);
  return isValid && (id === undefined || mark.id === id) ? { modifiedNs: mark.modified } : undefined;
}

function checksumOf(block: Uint8Array): number {
  const copy = block.slice(0, UndoMark.sizeBytes);
  new UndoMark(new DataView(copy.buffer)).checksum = 0;
  return crc32c(copy);
}
