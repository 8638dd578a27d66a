import {
  BASE_BLOCK_SIZE,
  BaseBlock,
  FILE_TYPES,
  LogEntry,
  PageReference,
  SECTOR_SIZE,
} from "../../../src/registry/layout.ts";
import { marvin32 } from "../../../src/registry/recovery/marvin32.ts";
import { viewOf } from "./cells.ts";
import { baseBlockOf, seal } from "./writer.ts";

const PAGE_SIZE = 4096;

/** One entry of a new-format log, as it will be written. */
export interface LabEntry {
  readonly sequence: number;
  readonly binsSize: number;
  readonly flags?: number;
  /** Offsets are from the first bin. */
  readonly pages: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** A hive as it is after the system died while it wrote: what is on disk is still the state before. */
export function crashed(hive: Uint8Array, primarySequence: number): Uint8Array {
  const copy = hive.slice();
  Object.assign(baseBlockOf(copy), { primarySequence, secondarySequence: primarySequence - 1 });
  return seal(copy);
}

/** What the system logs to get from one state of a hive to the next. */
export function entryOf(before: Uint8Array, after: Uint8Array, sequence: number): LabEntry {
  return { sequence, binsSize: baseBlockOf(after).binsSize, pages: changedParts(before, after, PAGE_SIZE) };
}

/** A new-format log (Windows 8.1 and later) for this hive. */
export function buildNewLog(hive: Uint8Array, entries: readonly LabEntry[]): Uint8Array {
  const block = logBlock(hive, FILE_TYPES.newLog, entries[0]?.sequence ?? 0);
  return Buffer.concat([block, ...entries.map(entryBytes)]);
}

/** An old-format log (up to Windows 8) that leads from one state of a hive to the next. */
export function buildOldLog(before: Uint8Array, after: Uint8Array, sequence = 8): Uint8Array {
  const { binsSize, lastWritten } = baseBlockOf(after);
  const block = logBlock(after, FILE_TYPES.oldLog, sequence);
  Object.assign(baseBlockOf(block), { lastWritten });
  seal(block);
  const sectors = changedParts(before, after, SECTOR_SIZE);
  const bitmap = new Uint8Array(binsSize / SECTOR_SIZE / 8);
  for (const { offset } of sectors) {
    const sector = offset / SECTOR_SIZE;
    bitmap[sector >> 3] = (bitmap[sector >> 3] ?? 0) | (1 << (sector & 7));
  }
  const vector = padded(Buffer.concat([Buffer.from("DIRT"), bitmap]), SECTOR_SIZE);
  return Buffer.concat([block, vector, ...sectors.map(({ bytes }) => bytes)]);
}

/** The parts of the bins that differ; the state after may be longer. */
function changedParts(before: Uint8Array, after: Uint8Array, partSize: number) {
  const end = baseBlockOf(after).binsSize;
  const parts: { offset: number; bytes: Uint8Array }[] = [];
  for (let offset = 0; offset < end; offset += partSize) {
    const at = BASE_BLOCK_SIZE + offset;
    const bytes = after.slice(at, at + partSize);
    if (Buffer.compare(bytes, before.subarray(at, at + partSize)) !== 0) parts.push({ offset, bytes });
  }
  return parts;
}

function logBlock(hive: Uint8Array, fileType: number, sequence: number): Uint8Array {
  const block = hive.slice(0, BaseBlock.sizeBytes);
  Object.assign(baseBlockOf(block), { fileType, primarySequence: sequence, secondarySequence: sequence });
  return seal(block);
}

function entryBytes({ sequence, binsSize, flags = 0, pages }: LabEntry): Uint8Array {
  const references = pages.flatMap(({ offset, bytes }) => [offset, bytes.length]);
  const body = Buffer.concat([
    new Uint8Array(Uint32Array.from(references).buffer),
    ...pages.map(({ bytes }) => bytes),
  ]);
  const entry = padded(Buffer.concat([new Uint8Array(LogEntry.sizeBytes), body]), SECTOR_SIZE);
  const header = new LogEntry(viewOf(entry));
  Object.assign(header, {
    signature: "HvLE",
    sizeBytes: entry.length,
    flags,
    sequence,
    binsSize,
    pageCount: references.length / (PageReference.sizeBytes / 4),
    bodyHash: marvin32([viewOf(entry.subarray(LogEntry.sizeBytes))]),
  } satisfies Partial<LogEntry>);
  header.headerHash = marvin32([viewOf(entry.subarray(0, LogEntry.offsetOf.headerHash))]);
  return entry;
}

function padded(bytes: Uint8Array, multiple: number): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / multiple) * multiple);
  whole.set(bytes);
  return whole;
}
