import { expect } from "vitest";
import type { Code } from "../../../../src/errors.ts";
import { checkNtfs } from "../../../../src/fs/check/index.ts";
import { type NtfsVolume, openNtfs } from "../../../../src/fs/index.ts";
import { type Change, MemorySource, type Overlay, readBytes } from "../../../../src/io/index.ts";
import { sha256, walk } from "../../../lab/ntfs/listing.ts";

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

/** What a reader finds: every path, with the size and the hash of its content. */
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

export interface CutOptions {
  /** Codes allowed besides {@link LEAKS}. */
  readonly allowed?: readonly Code[];
  /** Random subsets of each phase that are tried besides all prefixes. */
  readonly subsetCount?: number;
  readonly seed?: number;
}

/**
 * Cuts the way from `before` to what the overlay holds at every page of metadata and at random subsets of the pages of a phase. At each
 * cut, the volume must be sound but for leaks; what is the same before and after must be so there too; everything else
 * must be as it was or as it will be.
 */
export function expectSoundAtEveryCut(
  before: Uint8Array,
  overlay: Overlay,
  { allowed = [], subsetCount = 6, seed = 1 }: CutOptions = {},
): number {
  const first = listingOf(openNtfs(new MemorySource(before)));
  const last = listingOf(openNtfs(overlay));
  const image = Buffer.from(before);
  let cutCount = 0;
  const judge = (changes: readonly Change[]) => {
    const kept = changes.map(({ offset, bytes }) => ({
      offset,
      bytes: Buffer.from(image.subarray(offset, offset + bytes.length)),
    }));
    for (const { offset, bytes } of changes) image.set(bytes, offset);
    judgeCut(image, first, last, [...LEAKS, ...allowed]);
    for (const { offset, bytes } of kept) image.set(bytes, offset);
    cutCount++;
  };
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (const { phase, changes } of overlay.changes()) {
    // New data goes where nothing is: some of its prefixes stand for all.
    const step = phase === "data" ? Math.max(1, Math.ceil(changes.length / 6)) : 1;
    for (let count = 0; count <= changes.length; count += step) judge(changes.slice(0, count));
    for (let turn = 0; turn < subsetCount; turn++) {
      const share = random();
      judge(changes.filter(() => random() < share));
    }
    for (const { offset, bytes } of changes) image.set(bytes, offset);
  }
  expect(image.equals(Buffer.from(readBytes(overlay, 0, overlay.sizeBytes)))).toBe(true);
  expect([...checkNtfs(openNtfs(new MemorySource(image)))]).toEqual([]);
  return cutCount;
}

function judgeCut(
  image: Uint8Array,
  first: ReadonlyMap<string, string>,
  last: ReadonlyMap<string, string>,
  allowed: readonly Code[],
): void {
  const volume = openNtfs(new MemorySource(image));
  const worse = [...checkNtfs(volume)].filter(({ code }) => !allowed.includes(code));
  expect(worse).toEqual([]);
  const now = listingOf(openNtfs(new MemorySource(image)));
  for (const path of new Set([...first.keys(), ...last.keys(), ...now.keys()])) {
    const row = now.get(path);
    if (row !== first.get(path) && row !== last.get(path)) {
      expect.unreachable(`${path} is ${row}, neither ${first.get(path)} nor ${last.get(path)}`);
    }
  }
}
