import { expect } from "vitest";
import type { Code } from "../../../../src/errors.ts";
import { checkNtfs } from "../../../../src/fs/check/index.ts";
import { type NtfsVolume, openNtfs } from "../../../../src/fs/index.ts";
import {
  type Change,
  MemorySource,
  type Overlay,
  type PhaseChanges,
  readBytes,
  SliceSource,
} from "../../../../src/io/index.ts";
import { sha256, walk } from "../../../lab/ntfs/listing.ts";
import { Dice } from "./dice.ts";

/** What may be found of an image on which the changes were cut short: space that nobody gets back, and nothing else. */
const LEAKS: readonly Code[] = [
  "NTFS_CLUSTERS_LOST",
  "NTFS_MFT_BITMAP_USED",
  // A record that has no entry yet, or no longer.
  "NTFS_NAME_UNINDEXED",
  "NTFS_INDEX_UNREACHABLE",
  "NTFS_ENTRY_SIZES",
];

/** Names in a volume up to which each is looked up by its path too. */
const LOOKUPS_MAX = 100;

/** What a reader finds. */
export function listingOf(volume: NtfsVolume): Map<string, string> {
  const rows = new Map<string, string>();
  for (const node of walk(volume.root)) {
    if (/^\$|^\.$/.test(node.path)) continue;
    const hash = node.isDirectory ? "directory" : sha256(node.open());
    // By its path too: look-ups go down the tree, listings across it. Of many names, every tenth stands for all.
    const isLookedUp = rows.size < LOOKUPS_MAX || rows.size % 10 === 0;
    const found = isLookedUp ? volume.require(node.path) : node;
    rows.set(node.path, `${hash} ${node.sizeBytes}`);
    expect(found.times).toEqual(node.times);
  }
  return rows;
}

/** Every path of a volume, with the size and the hash of its content. */
export type Listing = ReadonlyMap<string, string>;

export interface CutOptions {
  /** Codes allowed besides {@link LEAKS}. */
  readonly allowed?: readonly Code[];
  /** Random subsets of each phase that are tried besides all prefixes. */
  readonly subsetCount?: number;
  readonly seed?: number;
  /** How things may be besides: between operations of one round that are about the same file. */
  readonly between?: readonly Listing[];
  /** Where the volume begins on the disk that is cut. */
  readonly volumeOffset?: number;
}

/**
 * Cuts the way from `before` to what the overlay holds, round by round and phase by phase, at every page of metadata and at
 * random subsets of the pages of a phase. At each cut, the volume must be sound but for leaks; what is the same before and
 * after a round must be so there too; everything else must be as it was or as it will be.
 */
export function expectSoundAtEveryCut(
  before: Uint8Array,
  overlay: Overlay,
  { allowed = [], subsetCount = 6, seed = 1, between = [], volumeOffset = 0 }: CutOptions = {},
): number {
  const image = Buffer.from(before);
  const open = () => {
    const disk = new MemorySource(image);
    return openNtfs(new SliceSource(disk, volumeOffset, disk.sizeBytes - volumeOffset));
  };
  const dice = new Dice(seed);
  let cutCount = 0;
  let first: Listing = listingOf(open());
  for (const phases of roundsOf(overlay)) {
    const last = during(
      image,
      phases.flatMap(({ changes }) => changes),
      () => listingOf(open()),
    );
    for (const { phase, changes } of phases) {
      const judge = (some: readonly Change[]) => {
        during(image, some, () => judgeCut(open, [first, last, ...between], [...LEAKS, ...allowed]));
        cutCount++;
      };
      // New data goes where nothing is: some of its prefixes stand for all.
      const step = phase === "data" ? Math.max(1, Math.ceil(changes.length / 6)) : 1;
      for (let count = 0; count <= changes.length; count += step) judge(changes.slice(0, count));
      for (let turn = 0; turn < subsetCount; turn++) {
        const share = dice.next(100);
        judge(changes.filter(() => dice.next(100) < share));
      }
      apply(image, changes);
    }
    first = last;
  }
  expect(image.equals(Buffer.from(readBytes(overlay, 0, overlay.sizeBytes)))).toBe(true);
  expect([...checkNtfs(open())]).toEqual([]);
  return cutCount;
}

/** The changes of each round, phase by phase. */
function roundsOf(overlay: Overlay): PhaseChanges[][] {
  const rounds = new Map<number, PhaseChanges[]>();
  for (const changes of overlay.changes()) {
    rounds.set(changes.round, [...(rounds.get(changes.round) ?? []), changes]);
  }
  return [...rounds.values()];
}

function apply(image: Uint8Array, changes: readonly Change[]): void {
  for (const { offset, bytes } of changes) image.set(bytes, offset);
}

/** What `work` finds of the image with changes in it, which are taken back then. */
function during<T>(image: Buffer, changes: readonly Change[], work: () => T): T {
  const kept = changes.map(({ offset, bytes }) => ({
    offset,
    bytes: Buffer.from(image.subarray(offset, offset + bytes.length)),
  }));
  apply(image, changes);
  try {
    return work();
  } finally {
    apply(image, kept.reverse());
  }
}

function judgeCut(open: () => NtfsVolume, allowedStates: readonly Listing[], allowed: readonly Code[]): void {
  const worse = [...checkNtfs(open())].filter(({ code }) => !allowed.includes(code));
  expect(worse).toEqual([]);
  const now = listingOf(open());
  for (const path of new Set([...allowedStates.flatMap((rows) => [...rows.keys()]), ...now.keys()])) {
    const row = now.get(path);
    const rows = allowedStates.map((state) => state.get(path));
    if (!rows.includes(row)) expect.unreachable(`${path} is ${row}, none of ${rows.join(", ")}`);
  }
}
