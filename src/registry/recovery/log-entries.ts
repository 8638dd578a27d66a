// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { isBinsSizePossible } from "../base-block.ts";
import { BASE_BLOCK_SIZE, LogEntry, PageReference, SECTOR_SIZE } from "../layout.ts";
import type { LogFile } from "./log-file.ts";
import { marvin32 } from "./marvin32.ts";
import type { PatchedSource } from "./patched-source.ts";

/** A log entry whose hashes are right and whose pages are all in it. */
export interface Entry {
  readonly header: LogEntry;
  /** Of the entry in the log. */
  readonly offset: number;
}

/**
 * The entries of a new-format log, up to the first place where there is no valid one.
 *
 * Behind the newest entry stands what an earlier round of the log left there. So an entry that is not valid is damage
 * only where it bears the sequence number that would come next; that is added to `findings`.
 */
export function* entriesOf(log: LogFile, findings: Finding[]): Iterable<Entry> {
  let offset = SECTOR_SIZE;
  let sequence = log.block.primarySequence;
  while (offset + LogEntry.sizeBytes <= log.source.sizeBytes) {
    const header = new LogEntry(log.source.read(offset, LogEntry.sizeBytes));
    if (header.signature !== "HvLE") return;
    const fault = faultOf(log.source, header, offset);
    if (fault !== undefined) {
      if (header.sequence !== sequence) return;
      findings.push(
        finding("REGF_LOG", `${fault}; the log ends here`, { structure: `entry of ${log.name}`, offset }),
      );
      return;
    }
    yield { header, offset };
    offset += header.sizeBytes;
    sequence = (header.sequence + 1) % 2 ** 32;
  }
}

/** Puts the pages of an entry over the hive. */
export function applyEntry(hive: PatchedSource, log: LogFile, { header, offset }: Entry): void {
  hive.extend(BASE_BLOCK_SIZE + header.binsSize);
  let pageOffset = offset + LogEntry.sizeBytes + header.pageCount * PageReference.sizeBytes;
  for (const page of references(log.source, header, offset)) {
    hive.patch(BASE_BLOCK_SIZE + page.offset, page.sizeBytes, log.source, pageOffset);
    pageOffset += page.sizeBytes;
  }
}

function faultOf(log: ByteSource, header: LogEntry, offset: number): string | undefined {
  const { sizeBytes, binsSize, pageCount } = header;
  if (sizeBytes < SECTOR_SIZE || sizeBytes % SECTOR_SIZE !== 0 || offset + sizeBytes > log.sizeBytes) {
    return `the entry has an impossible size of ${sizeBytes} bytes`;
  }
  if (marvin32([log.read(offset, LogEntry.offsetOf.headerHash)]) !== header.headerHash) {
    return "the hash of the entry's header does not match";
  }
  if (marvin32(chunks(log, offset + LogEntry.sizeBytes, offset + sizeBytes)) !== header.bodyHash) {
    return "the hash of the entry does not match";
  }
  if (!isBinsSizePossible(binsSize)) return `the bins would have an impossible size of ${binsSize} bytes`;
  let left = sizeBytes - LogEntry.sizeBytes - pageCount * PageReference.sizeBytes;
  if (left < 0) return `${pageCount} page references do not fit into the entry`;
  for (const page of references(log, header, offset)) {
    left -= page.sizeBytes;
    const isWhole =
      page.offset % SECTOR_SIZE === 0 && page.sizeBytes % SECTOR_SIZE === 0 && page.sizeBytes > 0;
    if (!isWhole || page.offset + page.sizeBytes > binsSize || left < 0) {
      return `a page of ${page.sizeBytes} bytes at 0x${page.offset.toString(16)} is outside the bins or the entry`;
    }
  }
  return undefined;
}

function* references(log: ByteSource, header: LogEntry, offset: number): Iterable<PageReference> {
  let at = offset + LogEntry.sizeBytes;
  for (let index = 0; index < header.pageCount; index++) {
    yield new PageReference(log.read(at, PageReference.sizeBytes));
    at += PageReference.sizeBytes;
  }
}

const CHUNK_SIZE = 64 * 1024;

/** A range in pieces, so that an entry of any size is hashed in little memory. */
function* chunks(source: ByteSource, from: number, to: number): Iterable<DataView> {
  for (let at = from; at < to; at += CHUNK_SIZE) yield source.read(at, Math.min(CHUNK_SIZE, to - at));
}
