import {
  COMPOUND_SIGNATURE,
  CompoundHeader,
  DirectoryEntry,
  ENTRY_TYPE,
  NO_ENTRY,
  SECTOR,
} from "../../src/package/msi/layout.ts";

/** A compound file as it is to be built. */
export interface LabCompound {
  readonly streams: Readonly<Record<string, Uint8Array>>;
  /** 512 (version 3) or 4096 (version 4). */
  readonly sectorSize?: 512 | 4096;
  readonly classId?: string;
  /** Gives the data sectors in the order in which they are to stand in the file; as they come where it is left out. */
  readonly arrange?: (sectors: readonly number[]) => readonly number[];
}

export const MSI_CLASS = "000c1084-0000-0000-c000-000000000046";

const MINI_SECTOR_SIZE = 64;
const MINI_STREAM_CUTOFF = 4096;
const HEADER_DIFAT_COUNT = 109;

/** A run of sectors with content: what is to be chained together. */
interface Chain {
  readonly content: Uint8Array;
  readonly start: number;
  readonly count: number;
}

/**
 * A compound file: data sectors first, those of the directory among them, then the FAT and the lists of its sectors.
 * The streams hang in the directory as a list of right siblings.
 */
export function buildCompound(lab: LabCompound): Uint8Array {
  const { sectorSize = 512, classId = MSI_CLASS, arrange = (sectors) => sectors } = lab;
  const names = Object.keys(lab.streams);
  const contents = Object.values(lab.streams);
  const isSmall = ({ length }: Uint8Array) => length < MINI_STREAM_CUTOFF;

  const mini = layOut(
    contents.filter((content) => isSmall(content) && content.length > 0),
    MINI_SECTOR_SIZE,
  );
  const miniStream = concatPadded(mini, MINI_SECTOR_SIZE);
  const miniFat = numbers(chainNumbers(mini));
  const entries = new Uint8Array(pad((names.length + 1) * DirectoryEntry.sizeBytes, sectorSize));
  const big = contents.filter((content) => !isSmall(content));
  const [directory, fatOfMini, streamOfMini, ...bigChains] = layOut(
    [entries, miniFat, miniStream, ...big],
    sectorSize,
  );
  if (directory === undefined || fatOfMini === undefined || streamOfMini === undefined)
    throw new Error("no chains");
  const chains = [directory, fatOfMini, streamOfMini, ...bigChains];
  const dataCount = chains.reduce((sum, { count }) => sum + count, 0);
  const logical = arrange(Array.from({ length: dataCount }, (_, index) => index));
  /** Where in the file each data sector stands. */
  const place = new Map(logical.map((sector, at) => [sector, at]));
  const placeOf = (sector: number) => (sector < 0 ? sector : (place.get(sector) ?? Number.NaN));

  const plan = planFile(dataCount, sectorSize);
  const bytes = new Uint8Array((1 + plan.sectorCount) * sectorSize);
  const view = new DataView(bytes.buffer);
  const offsetOf = (sector: number) => (sector + 1) * sectorSize;
  Object.assign(new CompoundHeader(view), {
    signature: COMPOUND_SIGNATURE,
    minorVersion: 0x3e,
    majorVersion: sectorSize === 512 ? 3 : 4,
    byteOrder: 0xfffe,
    sectorShift: Math.log2(sectorSize),
    miniSectorShift: 6,
    directorySectorCount: sectorSize === 512 ? 0 : directory.count,
    fatSectorCount: plan.fatCount,
    firstDirectorySector: placeOf(directory.start),
    miniStreamCutoff: MINI_STREAM_CUTOFF,
    firstMiniFatSector: fatOfMini.count === 0 ? SECTOR.endOfChain : placeOf(fatOfMini.start),
    miniFatSectorCount: fatOfMini.count,
    firstDifatSector: plan.difatCount === 0 ? SECTOR.endOfChain : plan.difatAt,
    difatSectorCount: plan.difatCount,
    difat: numbers(fatSectors(plan, 0, HEADER_DIFAT_COUNT)),
  });
  const fat = new Int32Array(plan.fatCount * plan.perSector).fill(SECTOR.free);
  for (const [sector, next] of chainNumbers(chains).entries()) fat[placeOf(sector)] = placeOf(next);
  fat.fill(SECTOR.fat, plan.fatAt, plan.difatAt);
  fat.fill(SECTOR.difat, plan.difatAt, plan.sectorCount);
  bytes.set(numbers([...fat]), offsetOf(plan.fatAt));
  for (let list = 0; list < plan.difatCount; list++) {
    bytes.set(numbers(difatList(plan, list)), offsetOf(plan.difatAt + list));
  }

  writeDirectory(new DataView(entries.buffer), {
    names,
    contents,
    classId,
    miniSizeBytes: miniStream.length,
    miniStart: streamOfMini.count === 0 ? SECTOR.endOfChain : placeOf(streamOfMini.start),
    startOf: (content) =>
      isSmall(content)
        ? (mini.find((chain) => chain.content === content)?.start ?? SECTOR.endOfChain)
        : placeOf(bigChains.find((chain) => chain.content === content)?.start ?? Number.NaN),
  });
  for (const { content, start, count } of chains) {
    for (let index = 0; index < count; index++) {
      bytes.set(
        content.subarray(index * sectorSize, (index + 1) * sectorSize),
        offsetOf(placeOf(start + index)),
      );
    }
  }
  return bytes;
}

/** Where the FAT and the further lists of its sectors stand, behind the data. */
interface FilePlan {
  readonly perSector: number;
  readonly fatAt: number;
  readonly fatCount: number;
  readonly difatAt: number;
  readonly difatCount: number;
  readonly sectorCount: number;
}

function planFile(dataCount: number, sectorSize: number): FilePlan {
  const perSector = sectorSize / 4;
  let fatCount = 0;
  let difatCount = 0;
  while ((dataCount + fatCount + difatCount) / perSector > fatCount) {
    fatCount += 1;
    difatCount = Math.max(0, Math.ceil((fatCount - HEADER_DIFAT_COUNT) / (perSector - 1)));
  }
  const difatAt = dataCount + fatCount;
  return { perSector, fatAt: dataCount, fatCount, difatAt, difatCount, sectorCount: difatAt + difatCount };
}

/** `count` sectors of the FAT from number `first` on, filled up. */
function fatSectors({ fatAt, fatCount }: FilePlan, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (first + at < fatCount ? fatAt + first + at : SECTOR.free));
}

/** One further list of FAT sectors, with the place of the next at its end. */
function difatList(plan: FilePlan, list: number): number[] {
  const count = plan.perSector - 1;
  const next = list + 1 < plan.difatCount ? plan.difatAt + list + 1 : SECTOR.endOfChain;
  return [...fatSectors(plan, HEADER_DIFAT_COUNT + list * count, count), next];
}

interface Directory {
  readonly names: readonly string[];
  readonly contents: readonly Uint8Array[];
  readonly classId: string;
  readonly miniStart: number;
  readonly miniSizeBytes: number;
  readonly startOf: (content: Uint8Array) => number;
}

function writeDirectory(view: DataView, directory: Directory): void {
  const { names, contents, classId, miniStart, miniSizeBytes, startOf } = directory;
  const none = { left: NO_ENTRY, right: NO_ENTRY, child: NO_ENTRY };
  const slots = view.byteLength / DirectoryEntry.sizeBytes;
  for (let slot = 0; slot < slots; slot++) {
    const entry = new DirectoryEntry(view, slot * DirectoryEntry.sizeBytes);
    const name = slot === 0 ? "Root Entry" : names[slot - 1];
    const content = contents[slot - 1];
    if (name === undefined) Object.assign(entry, none);
    else Object.assign(entry, none, { name, nameSize: (name.length + 1) * 2, color: 1 });
    if (slot === 0) {
      const child = names.length === 0 ? NO_ENTRY : 1;
      Object.assign(entry, {
        type: ENTRY_TYPE.root,
        classId,
        child,
        startSector: miniStart,
        sizeLow: miniSizeBytes,
      });
    } else if (content !== undefined) {
      const right = slot < names.length ? slot + 1 : NO_ENTRY;
      const startSector = startOf(content);
      Object.assign(entry, { type: ENTRY_TYPE.stream, right, startSector, sizeLow: content.length });
    }
  }
}

function layOut(contents: readonly Uint8Array[], sectorSize: number): Chain[] {
  let start = 0;
  return contents.map((content) => {
    const count = Math.ceil(content.length / sectorSize);
    const chain = { content, start, count };
    start += count;
    return chain;
  });
}

/** For each sector the next of its chain. */
function chainNumbers(chains: readonly Chain[]): number[] {
  return chains.flatMap(({ start, count }) =>
    Array.from({ length: count }, (_, index) => (index + 1 < count ? start + index + 1 : SECTOR.endOfChain)),
  );
}

function concatPadded(chains: readonly Chain[], sectorSize: number): Uint8Array {
  const bytes = new Uint8Array(chains.reduce((sum, { count }) => sum + count, 0) * sectorSize);
  for (const { content, start } of chains) bytes.set(content, start * sectorSize);
  return bytes;
}

function numbers(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setInt32(index * 4, value, true);
  });
  return bytes;
}

function pad(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}
