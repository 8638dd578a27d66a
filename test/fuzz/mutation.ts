import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { FileSource, ReadStats, readBytes } from "../../src/io/index.ts";

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Remembers which ranges of the file were read: the bytes that matter to an audit. */
export class RecordedReads extends ReadStats {
  readonly ranges: { readonly offset: number; readonly byteCount: number }[] = [];

  override record(offset: number, byteCount: number): void {
    super.record(offset, byteCount);
    this.ranges.push({ offset, byteCount });
  }
}

export interface Mutation {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Values that break arithmetic more often than chance does. */
const EVIL_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/** What structures begin with; the bytes behind it are the ones that code believes. */
const SIGNATURES = [
  ...[
    "head",
    "regi",
    "metadata",
    "loge",
    "desc",
    "conectix",
    "cxsparse",
    "EFI PART",
    "NTFS    ",
    "FILE",
    "INDX",
  ],
  ...["RSTR", "regf", "hbin", "HvLE", "DIRT", "nk", "vk", "lf", "lh", "li", "ri", "sk", "db", "MZ", "PE\0\0"],
].map((text) => Buffer.from(text, "latin1"));
const STRUCTURE_SIZE = 96;

type Ranges = readonly { readonly offset: number; readonly byteCount: number }[];

/** The beginnings of structures inside the ranges of a file, each as a range of its own. */
export function structuresIn(path: string, ranges: Ranges): Ranges {
  const source = FileSource.open(path);
  const found = ranges.flatMap(({ offset, byteCount }) => {
    const part = Buffer.from(readBytes(source, offset, byteCount));
    return SIGNATURES.flatMap((signature) => {
      const found: { offset: number; byteCount: number }[] = [];
      for (let at = part.indexOf(signature); at >= 0; at = part.indexOf(signature, at + signature.length)) {
        found.push({ offset: offset + at, byteCount: Math.min(STRUCTURE_SIZE, byteCount - at) });
      }
      return found;
    });
  });
  source.close();
  return found;
}

/** One to four small changes inside the ranges: a flipped bit, an evil byte, four evil bytes, or chance. */
export function mutations(random: (below: number) => number, ranges: Ranges): Mutation[] {
  return Array.from({ length: 1 + random(4) }, () => {
    const range = ranges[random(ranges.length)] ?? { offset: 0, byteCount: 1 };
    const offset = range.offset + random(range.byteCount);
    const evil = EVIL_BYTES[random(EVIL_BYTES.length)] ?? 0;
    const bytes = [
      () => Uint8Array.of(1 << random(8)),
      () => Uint8Array.of(evil),
      () => new Uint8Array(4).fill(evil),
      () => Uint8Array.of(random(256)),
    ][random(4)]?.();
    return { offset, bytes: bytes ?? Uint8Array.of(0) };
  });
}

/** Runs `work` while the file is changed, and puts the old bytes back. */
export function withMutations<T>(path: string, changes: readonly Mutation[], work: () => T): T {
  const file = openSync(path, "r+");
  const undo: Mutation[] = [];
  try {
    for (const { offset, bytes } of changes) {
      const old = new Uint8Array(bytes.length);
      const count = readSync(file, old, 0, old.length, offset);
      undo.unshift({ offset, bytes: old.subarray(0, count) });
      writeSync(file, bytes, 0, count, offset);
    }
    return work();
  } finally {
    for (const { offset, bytes } of undo) writeSync(file, bytes, 0, bytes.length, offset);
    closeSync(file);
  }
}

/** A copy with changes anywhere in its first megabyte, where headers and metadata are. */
export function mutateBytes(random: (below: number) => number, bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const byteCount = Math.min(damaged.length, 1 << 20);
  for (const change of mutations(random, [{ offset: 0, byteCount }])) {
    damaged.set(change.bytes.subarray(0, damaged.length - change.offset), change.offset);
  }
  return damaged;
}
