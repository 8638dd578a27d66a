// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";

/** Where the headers of an image have what the digest leaves out (PE format, "Optional Header"), in bytes. */
const AT = {
  /** From the start of the file: where the PE header is. */
  peOffset: 0x3c,
  /** From the PE header: the optional header, with its sort in the first two bytes. */
  optionalHeader: 24,
  /** From the optional header. */
  checksum: 64,
} as const;
const CHECKSUM_SIZE_BYTES = 4;

/** From the optional header, by its sort: how many data directories there are, which follow. */
const DIRECTORY_COUNT_AT: ReadonlyMap<number, number> = new Map([
  [0x10b, 92],
  [0x20b, 108],
]);
const DIRECTORY_SIZE_BYTES = 8;
/** Number of the certificate table among the data directories; its place, unlike the others', is a file offset. */
const CERTIFICATE_DIRECTORY = 4;
/** An image without signature is digested as if zeros filled it up to a multiple of this. */
const ALIGNMENT_BYTES = 8;
/** How much of a file is held while it is digested. */
const CHUNK_SIZE_BYTES = 64 * 1024;

/** A part of the file. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** What the digest covers, in order, and how many zeros follow. */
interface Coverage {
  readonly ranges: readonly Range[];
  readonly paddingBytes: number;
}

/**
 * Both Authenticode digests of a PE image, lower-case hex, in one pass; undefined where it is no PE image.
 *
 * They leave out the checksum, the directory entry of the certificate table and that table. Everything else counts, in
 * the order of the file; for images whose sections follow each other without gaps, as linkers write them, that is the
 * order of the specification ("Calculating the PE Image Hash"). Throws PE_TRUNCATED where the headers lie about the file.
 */
export function peDigests(source: ByteSource): { sha1: string; sha256: string } | undefined {
  const coverage = coverageOf(source);
  if (coverage === undefined) return undefined;
  const hashes = { sha1: createHash("sha1"), sha256: createHash("sha256") };
  const update = (bytes: Uint8Array) => {
    hashes.sha1.update(bytes);
    hashes.sha256.update(bytes);
  };
  for (const { start, end } of coverage.ranges) {
    for (let at = start; at < end; at += CHUNK_SIZE_BYTES) {
      update(readBytes(source, at, Math.min(CHUNK_SIZE_BYTES, end - at)));
    }
  }
  update(new Uint8Array(coverage.paddingBytes));
  return { sha1: hashes.sha1.digest("hex"), sha256: hashes.sha256.digest("hex") };
}

function coverageOf(source: ByteSource): Coverage | undefined {
  const { sizeBytes } = source;
  if (sizeBytes < AT.peOffset + 4 || source.read(0, 2).getUint16(0) !== 0x4d5a) return undefined;
  const header = source.read(AT.peOffset, 4).getUint32(0, true);
  const optional = header + AT.optionalHeader;
  const checksum = optional + AT.checksum;
  if (checksum + CHECKSUM_SIZE_BYTES > sizeBytes) return undefined;
  if (source.read(header, 4).getUint32(0) !== 0x50450000) return undefined;
  const countAt = DIRECTORY_COUNT_AT.get(source.read(optional, 2).getUint16(0, true));
  if (countAt === undefined) return undefined;
  const afterChecksum = checksum + CHECKSUM_SIZE_BYTES;
  const head = { start: 0, end: checksum };
  const entry = optional + countAt + 4 + CERTIFICATE_DIRECTORY * DIRECTORY_SIZE_BYTES;
  const isListed =
    entry + DIRECTORY_SIZE_BYTES <= sizeBytes &&
    source.read(optional + countAt, 4).getUint32(0, true) > CERTIFICATE_DIRECTORY;
  if (!isListed)
    return { ranges: [head, { start: afterChecksum, end: sizeBytes }], paddingBytes: padding(sizeBytes) };
  const directory = source.read(entry, DIRECTORY_SIZE_BYTES);
  const tableStart = directory.getUint32(0, true);
  const tableEnd = tableStart + directory.getUint32(4, true);
  const afterEntry = entry + DIRECTORY_SIZE_BYTES;
  const ranges = [head, { start: afterChecksum, end: entry }];
  if (tableStart === 0 || tableStart === tableEnd) {
    return { ranges: [...ranges, { start: afterEntry, end: sizeBytes }], paddingBytes: padding(sizeBytes) };
  }
  if (tableStart < afterEntry || tableEnd > sizeBytes) {
    const message = `the certificate table from 0x${tableStart.toString(16)} to 0x${tableEnd.toString(16)} is not in the file`;
    throw new VmguestError("PE_TRUNCATED", message, { structure: "certificate table", offset: entry });
  }
  return {
    ranges: [...ranges, { start: afterEntry, end: tableStart }, { start: tableEnd, end: sizeBytes }],
    paddingBytes: 0,
  };
}

function padding(sizeBytes: number): number {
  return Math.ceil(sizeBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES - sizeBytes;
}
