import {
  AlternateName,
  ContinuationArea,
  DESCRIPTOR_TYPE,
  DirectoryRecord,
  FIRST_DESCRIPTOR_SECTOR,
  PosixAttributes,
  RECORD_FLAGS,
  RecordTime,
  SECTOR_SIZE_BYTES,
  SharingIndicator,
  VolumeDescriptor,
} from "../../src/package/iso/iso9660/layout.ts";
import { BlockSpace, isFolder, type LabFile, type LabFolder, piecesOf } from "./disc-tree.ts";

/** An image of ISO 9660 as it is to be built; everything but the tree has a default. */
export interface LabIso {
  readonly tree: LabFolder;
  readonly label?: string;
  /** Whether there is a second tree with the names as they are. */
  readonly joliet?: boolean;
  /** Whether the first tree has the names as they are, and invented ones for ISO 9660. */
  readonly rockRidge?: boolean;
  readonly blockSizeBytes?: number;
  /** First block that is not left free, for a UDF volume in the same image. */
  readonly firstBlock?: number;
}

/** The image, and where the directory records of its paths are, by kind of tree: `iso:A/B`, `joliet:A/B`. */
export interface BuiltIso {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly places: ReadonlyMap<string, number>;
}

/** 2012-03-04 05:06:07, two hours ahead of UTC. */
const TIME = Object.freeze({ years: 112, month: 3, day: 4, hour: 5, minute: 6, second: 7, zone: 8 });
/** {@link TIME} as the reader gives it. */
export const LAB_TIME = "2012-03-04T03:06:07Z";

/** Longest piece of a Rock Ridge name that is put into the record itself. */
const INLINE_NAME_BYTES = 60;

interface Tree {
  readonly kind: "iso" | "joliet";
  readonly hasRockRidge: boolean;
}

interface Extent {
  readonly block: number;
  readonly sizeBytes: number;
}

/** Lays out descriptors, contents, then the directories of each tree, from the innermost out. */
export function buildIso(iso: LabIso): BuiltIso {
  const { blockSizeBytes = 2048, joliet = false, rockRidge = false, label = "LAB" } = iso;
  const perSector = SECTOR_SIZE_BYTES / blockSizeBytes;
  const descriptorBlocks = (FIRST_DESCRIPTOR_SECTOR + 3) * perSector;
  const space = new BlockSpace(blockSizeBytes, Math.max(descriptorBlocks, iso.firstBlock ?? 0));
  const builder = new IsoBuilder(space);
  const trees: Tree[] = [{ kind: "iso", hasRockRidge: rockRidge }];
  if (joliet) trees.push({ kind: "joliet", hasRockRidge: false });
  const roots = trees.map((tree) => builder.storeFolder(tree, iso.tree, "", undefined));
  trees.forEach((tree, index) => {
    const root = roots[index] as Extent;
    const bytes = descriptor(tree, label, root, space);
    space.write((FIRST_DESCRIPTOR_SECTOR + index) * perSector, bytes);
  });
  const end = new VolumeDescriptor(new DataView(new ArrayBuffer(SECTOR_SIZE_BYTES)));
  Object.assign(end, { type: DESCRIPTOR_TYPE.end, identifier: "CD001", version: 1 });
  space.write((FIRST_DESCRIPTOR_SECTOR + trees.length) * perSector, new Uint8Array(end.view.buffer));
  return { bytes: space.bytes, places: builder.places };
}

class IsoBuilder {
  readonly places = new Map<string, number>();
  readonly #space: BlockSpace;
  readonly #contents = new Map<LabFile, Extent[]>();

  constructor(space: BlockSpace) {
    this.#space = space;
  }

  /** Both trees refer to the same contents. */
  #extentsOf(file: LabFile): Extent[] {
    const known = this.#contents.get(file);
    if (known !== undefined) return known;
    const extents = piecesOf(file).map((piece) => {
      const block = this.#space.store(piece);
      // A gap, so that the extents of a file do not happen to be one.
      this.#space.allocate(1);
      return { block, sizeBytes: piece.length };
    });
    this.#contents.set(file, extents);
    return extents;
  }

  /** Stores a folder with all below it; the records of itself and its parent both name itself. */
  storeFolder(tree: Tree, folder: LabFolder, path: string, depth: number | undefined): Extent {
    const records: { bytes: Uint8Array; place?: string }[] = [];
    Object.entries(folder).forEach(([name, entry], index) => {
      const inner = path === "" ? name : `${path}/${name}`;
      const isDirectory = isFolder(entry);
      const extents = isDirectory
        ? [this.storeFolder(tree, entry, inner, (depth ?? 0) + 1)]
        : this.#extentsOf(entry);
      const stored = tree.hasRockRidge
        ? `F${index}.;1`
        : isDirectory || tree.kind === "joliet"
          ? name
          : `${name};1`;
      const systemUse = tree.hasRockRidge ? this.#rockRidge(name, isDirectory) : [];
      extents.forEach((extent, part) => {
        const flags =
          (isDirectory ? RECORD_FLAGS.directory : 0) |
          (part < extents.length - 1 ? RECORD_FLAGS.continues : 0);
        const bytes = isoRecord({ name: encodeName(tree, stored), flags, ...extent, systemUse });
        records.push({ bytes, ...(part === 0 && { place: `${tree.kind}:${inner}` }) });
      });
    });
    const isRoot = depth === undefined;
    const self = (name: number, extent: Extent) =>
      isoRecord({
        name: Uint8Array.of(name),
        flags: RECORD_FLAGS.directory,
        ...extent,
        systemUse: tree.hasRockRidge && name === 0 && isRoot ? sharingIndicator() : [],
      });
    const sizes = [
      self(0, { block: 0, sizeBytes: 0 }),
      self(1, { block: 0, sizeBytes: 0 }),
      ...records.map(({ bytes }) => bytes),
    ];
    const { sizeBytes, offsets } = packRecords(sizes.map(({ length }) => length));
    const block = this.#space.allocate(sizeBytes / this.#space.blockSizeBytes);
    const directory = new Uint8Array(sizeBytes);
    const own = { block, sizeBytes };
    [self(0, own), self(1, own), ...records.map(({ bytes }) => bytes)].forEach((bytes, index) => {
      directory.set(bytes, offsets[index]);
    });
    records.forEach(({ place }, index) => {
      if (place !== undefined)
        this.places.set(place, block * this.#space.blockSizeBytes + (offsets[index + 2] ?? 0));
    });
    this.#space.write(block, directory);
    return own;
  }

  #rockRidge(name: string, isDirectory: boolean): number[] {
    const bytes = [...new TextEncoder().encode(name)];
    const posix = entry("PX", PosixAttributes.sizeBytes, []);
    const mode = isDirectory ? 0o040755 : 0o100644;
    Object.assign(new PosixAttributes(new DataView(posix.buffer)), both({ mode }));
    if (bytes.length <= INLINE_NAME_BYTES) return [...posix, ...nameEntry(0, bytes)];
    const rest = nameEntry(0, bytes.slice(INLINE_NAME_BYTES));
    const block = this.#space.store(rest);
    const continuation = entry("CE", ContinuationArea.sizeBytes, []);
    Object.assign(new ContinuationArea(new DataView(continuation.buffer)), {
      ...both({ block, areaSizeBytes: rest.length }),
    });
    return [...posix, ...nameEntry(1, bytes.slice(0, INLINE_NAME_BYTES)), ...continuation];
  }
}

/** A record lies in one sector: where the rest of one is too short, the next begins. */
function packRecords(sizes: readonly number[]): { sizeBytes: number; offsets: number[] } {
  let at = 0;
  const offsets = sizes.map((size) => {
    const left = SECTOR_SIZE_BYTES - (at % SECTOR_SIZE_BYTES);
    if (size > left) at += left;
    const offset = at;
    at += size;
    return offset;
  });
  return { sizeBytes: Math.ceil(at / SECTOR_SIZE_BYTES) * SECTOR_SIZE_BYTES, offsets };
}

/** What {@link isoRecord} makes a directory record of. */
export interface LabRecord {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly block: number;
  readonly sizeBytes: number;
  readonly systemUse?: readonly number[];
}

/** One directory record. */
export function isoRecord({
  name,
  flags,
  block,
  sizeBytes,
  systemUse = [],
}: LabRecord): Uint8Array<ArrayBuffer> {
  const useAt = DirectoryRecord.sizeBytes + name.length + ((name.length + 1) % 2);
  const size = useAt + systemUse.length + (systemUse.length % 2);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  Object.assign(new DirectoryRecord(view), {
    sizeBytes: size,
    ...both({ block, dataSizeBytes: sizeBytes, volumeNumber: 1 }),
    flags,
    nameSizeBytes: name.length,
  });
  Object.assign(new RecordTime(view, DirectoryRecord.offsetOf.recorded), TIME);
  bytes.set(name, DirectoryRecord.sizeBytes);
  bytes.set(systemUse, useAt);
  return bytes;
}

function descriptor({ kind }: Tree, label: string, root: Extent, space: BlockSpace): Uint8Array {
  const fields = new VolumeDescriptor(new DataView(new ArrayBuffer(SECTOR_SIZE_BYTES)));
  const isJoliet = kind === "joliet";
  Object.assign(fields, {
    type: isJoliet ? DESCRIPTOR_TYPE.supplementary : DESCRIPTOR_TYPE.primary,
    identifier: "CD001",
    version: 1,
    ...both({
      spaceBlocks: space.blockCount,
      setSize: 1,
      sequenceNumber: 1,
      blockSizeBytes: space.blockSizeBytes,
    }),
    structureVersion: 1,
    root: isoRecord({ name: Uint8Array.of(0), flags: RECORD_FLAGS.directory, ...root }),
  });
  fields.volumeId.fill(isJoliet ? 0 : 0x20);
  fields.volumeId.set(encodeName({ kind, hasRockRidge: false }, label).subarray(0, 32));
  if (isJoliet) fields.escapeSequences.set([0x25, 0x2f, 0x45]);
  return new Uint8Array(fields.view.buffer);
}

function encodeName({ kind }: Tree, name: string): Uint8Array {
  if (kind === "iso") return Uint8Array.from(name, (character) => character.charCodeAt(0));
  return new Uint8Array(Buffer.from(name, "utf16le").swap16());
}

/** Numbers that are stored in both byte orders, under the names that the layouts have for them. */
function both(numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) => [
      [name, value],
      [`${name}Big`, value],
    ]),
  );
}

/** An entry of a system use area. */
export function entry(
  signature: string,
  sizeBytes: number,
  data: readonly number[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set([signature.charCodeAt(0), signature.charCodeAt(1), sizeBytes, 1, ...data]);
  return bytes;
}

function nameEntry(flags: number, name: readonly number[]): Uint8Array {
  return entry("NM", AlternateName.sizeBytes + name.length, [flags, ...name]);
}

function sharingIndicator(): number[] {
  return [
    ...entry("SP", SharingIndicator.sizeBytes, [0xbe, 0xef, 0]),
    ...entry("PX", PosixAttributes.sizeBytes, []),
  ];
}
