// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type CompoundHeader, DirectoryEntry, ENTRY_TYPE, NO_ENTRY, SECTOR } from "./layout.ts";
import { damaged, type SectorChains } from "./sector-chains.ts";

/** An MSI has an entry for each table and each embedded file: some hundreds. */
const MAX_ENTRY_COUNT = 16_384;
const MINI_SECTOR_SIZE = 64;
const MAX_NAME_SIZE_BYTES = 64;

/** What is directly below the root, before anything of it is taken away. */
export interface FlatDirectory {
  readonly root: DirectoryEntry;
  /** The streams that stay. */
  readonly streams: readonly DirectoryEntry[];
  /** Whether there are folders, too, with what is in them. */
  readonly hasStorages: boolean;
}

/**
 * Checks the directory of a compound file and prepares it, in place, for a reader that trusts it: the streams directly
 * below the root stay, each with sectors that are proved to be there; every other entry becomes an unused one; and the
 * tree that orders them is taken away, since following it can take cubic time and nothing here needs the order.
 *
 * Throws CFB_DAMAGED, CFB_LOOP or LIMIT_EXCEEDED.
 */
export function flattenDirectory(
  view: DataView,
  header: CompoundHeader,
  chains: SectorChains,
): FlatDirectory {
  const entries = listEntries(view, header, chains);
  const [root] = entries;
  if (root?.type !== ENTRY_TYPE.root) throw damaged("the directory does not begin with its root");
  const kept = listTop(entries, root);
  const streams: DirectoryEntry[] = [];
  const mini = readMiniStream(header, root, chains);
  for (const [index, entry] of entries.entries()) {
    entry.left = NO_ENTRY;
    entry.right = NO_ENTRY;
    entry.child = NO_ENTRY;
    if (index === 0) continue;
    if (kept.has(index) && entry.type === ENTRY_TYPE.stream) {
      checkStream(entry, header, chains, mini);
      streams.push(entry);
    } else clear(entry);
  }
  return { root, streams, hasStorages: streams.length < kept.size };
}

function listEntries(view: DataView, header: CompoundHeader, chains: SectorChains): DirectoryEntry[] {
  const start = header.firstDirectorySector;
  const perSector = chains.sectorSize / DirectoryEntry.sizeBytes;
  const count = chains.lengthOf(start, "directory") * perSector;
  if (count > MAX_ENTRY_COUNT) {
    const message = `the directory has ${count} entries, more than ${MAX_ENTRY_COUNT}`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "compound file" });
  }
  const entries: DirectoryEntry[] = [];
  for (const sector of chains.sectorsOf(start)) {
    for (let index = 0; index < perSector; index++) {
      entries.push(new DirectoryEntry(view, chains.offsetOf(sector) + index * DirectoryEntry.sizeBytes));
    }
  }
  return entries;
}

/** Numbers of the entries directly below the root: a tree of siblings, which each entry may be in once. */
function listTop(entries: readonly DirectoryEntry[], root: DirectoryEntry): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = [root.child];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (index === NO_ENTRY) continue;
    const entry = entries[index];
    if (entry === undefined)
      throw damaged(`the directory refers to entry ${index}, but has ${entries.length}`);
    if (found.has(index)) {
      const message = `directory entry ${index} is in the tree twice`;
      throw new VmguestError("CFB_LOOP", message, { structure: DirectoryEntry.structName, offset: entry.at });
    }
    if (entry.type !== ENTRY_TYPE.storage && entry.type !== ENTRY_TYPE.stream) {
      throw damaged(`the directory refers to entry ${index}, which has type ${entry.type}`, entry.at);
    }
    found.add(index);
    waiting.push(entry.left, entry.right);
  }
  return found;
}

/** The mini FAT, and how many mini sectors there are. */
interface MiniStream {
  readonly next: Int32Array;
  readonly sectorCount: number;
}

const NO_MINI_STREAM: MiniStream = { next: new Int32Array(0), sectorCount: 0 };

/** Reads the mini FAT; a root without a mini stream is left without a first sector. */
function readMiniStream(header: CompoundHeader, root: DirectoryEntry, chains: SectorChains): MiniStream {
  const hasMiniFat = header.miniFatSectorCount > 0;
  if (!hasMiniFat || root.sizeLow === 0) {
    header.miniFatSectorCount = 0;
    header.firstMiniFatSector = SECTOR.endOfChain;
    root.startSector = SECTOR.endOfChain;
    return NO_MINI_STREAM;
  }
  const next = chains.readNumbers(header.firstMiniFatSector, "mini FAT");
  const sizeBytes = chains.lengthOf(root.startSector, "mini stream") * chains.sectorSize;
  return { next, sectorCount: Math.min(next.length, sizeBytes / MINI_SECTOR_SIZE) };
}

function checkStream(
  entry: DirectoryEntry,
  header: CompoundHeader,
  chains: SectorChains,
  mini: MiniStream,
): void {
  const { sizeLow, nameSize, startSector } = entry;
  if (nameSize < 2 || nameSize > MAX_NAME_SIZE_BYTES || nameSize % 2 !== 0) {
    throw damaged(`the name of an entry has ${nameSize} bytes`, entry.at);
  }
  if (header.majorVersion > 3 && entry.sizeHigh !== 0)
    throw damaged("a stream is larger than the file", entry.at);
  if (sizeLow === 0) {
    entry.startSector = SECTOR.endOfChain;
  } else if (sizeLow >= header.miniStreamCutoff) {
    const sectorCount = chains.lengthOf(startSector, "stream");
    const needed = Math.ceil(sizeLow / chains.sectorSize);
    if (sectorCount < needed)
      throw damaged(`a stream needs ${needed} sectors, but has ${sectorCount}`, entry.at);
  } else {
    checkMiniChain(entry, mini);
  }
}

/** Follows as many mini sectors as the stream needs, 64 at the most. */
function checkMiniChain(entry: DirectoryEntry, mini: MiniStream): void {
  const needed = Math.ceil(entry.sizeLow / MINI_SECTOR_SIZE);
  const seen = new Set<number>();
  let sector = entry.startSector;
  for (let count = 0; count < needed; count++) {
    if (sector < 0 || sector >= mini.sectorCount || seen.has(sector)) {
      throw damaged(`a stream needs ${needed} mini sectors, but its chain breaks after ${count}`, entry.at);
    }
    seen.add(sector);
    sector = mini.next[sector] ?? SECTOR.endOfChain;
  }
}

/** Makes an entry unused, whatever it was. */
function clear(entry: DirectoryEntry): void {
  entry.type = ENTRY_TYPE.unused;
  entry.nameSize = 0;
  entry.startSector = SECTOR.endOfChain;
  entry.sizeLow = 0;
  entry.sizeHigh = 0;
}
