import {
  ALLOCATION,
  AllocationExtent,
  CHARACTERISTICS,
  EXTENT_KIND,
  ExtendedFileEntry,
  FILE_TYPE,
  FileEntry,
  FileIdentifier,
  FileSetDescriptor,
  TAG_ID,
  Timestamp,
} from "../../src/package/iso/udf/layout.ts";
import { BlockSpace, isFolder, type LabFile, type LabFolder, piecesOf } from "./disc-tree.ts";
import {
  compressedUnicode,
  descriptor,
  domain,
  dstring,
  type LabPartition,
  longAllocation,
  recognition,
} from "./udf/parts.ts";
import { MAIN_BLOCK, PARTITION_BLOCK, volumePlaces, writeVolume } from "./udf/volume.ts";

/** A file of UDF as it is to be built. */
export interface LabUdfFile extends LabFile {
  readonly allocation?: "short" | "long" | "embedded";
  /** Which pieces are not stored, by number, and as which kind of extent; their content must be zeros. */
  readonly holes?: Readonly<Record<number, number>>;
  /** Allocation descriptors in one block, where the file is to have several. */
  readonly descriptorsPerBlock?: number;
  /** `IcbTag.fileType`. */
  readonly fileType?: number;
}

/** An image of UDF as it is to be built; everything but the tree has a default. */
export interface LabUdf {
  readonly tree: LabFolder<LabUdfFile>;
  readonly label?: string;
  readonly blockSizeBytes?: number;
  /** Whether the entries have the extended form of UDF 2. */
  readonly isExtended?: boolean;
  readonly partition?: LabPartition;
  /** Whether directories are embedded in their file entries. */
  readonly embedsDirectories?: boolean;
  /** Bytes of implementation use in the entries of directories, a multiple of 4. */
  readonly implementationSizeBytes?: number;
  /** Type and zone of the times: 1 for local, and minutes ahead of UTC. */
  readonly typeAndZone?: number;
}

/** The image, and where the descriptors are: `entry:A/B` file entries, `name:A/B` file identifiers, and some others. */
export interface BuiltUdf {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly places: ReadonlyMap<string, number>;
}

/** 2012-03-04 05:06:07. */
const TIME = { year: 2012, month: 3, day: 4, hour: 5, minute: 6, second: 7 };
/** Local time, two hours ahead of UTC. */
const ZONE = 0x1000 | 120;
/** {@link TIME} in {@link ZONE} as the reader gives it. */
export const LAB_UDF_TIME = "2012-03-04T03:06:07Z";

export function buildUdf(udf: LabUdf): BuiltUdf {
  return new UdfBuilder(udf).build();
}

/** An image with both: `iso` built with `firstBlock: BRIDGE_BLOCK`. */
export function buildBridge(iso: Uint8Array, udf: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(iso);
  if (udf.length > BRIDGE_BLOCK * 2048) throw new Error("the UDF volume is too large for a bridge");
  bytes.set(udf.subarray(MAIN_BLOCK * 2048), MAIN_BLOCK * 2048);
  bytes.set(recognition(2048), 19 * 2048);
  return bytes;
}

/** Where ISO 9660 begins in an image with both. */
export const BRIDGE_BLOCK = 512;

class UdfBuilder {
  readonly #udf: LabUdf;
  readonly #blockSize: number;
  /** Blocks of the partition. */
  readonly #data: BlockSpace;
  /** Blocks that file entries and directories are in: those of the metadata file, or the same. */
  readonly #meta: BlockSpace;
  readonly #places = new Map<string, { space: BlockSpace; offset: number }>();
  #uniqueId = 16n;

  constructor(udf: LabUdf) {
    this.#udf = udf;
    this.#blockSize = udf.blockSizeBytes ?? 2048;
    // The file entries of the metadata file and its copy come first.
    this.#data = new BlockSpace(this.#blockSize, udf.partition === "metadata" ? 2 : 0);
    this.#meta = udf.partition === "metadata" ? new BlockSpace(this.#blockSize) : this.#data;
  }

  get #isExtended(): boolean {
    return this.#udf.isExtended ?? false;
  }

  get #metaReference(): number {
    return this.#meta === this.#data ? 0 : 1;
  }

  build(): BuiltUdf {
    const fileSetBlock = this.#meta.allocate(1);
    const rootBlock = this.#meta.allocate(1);
    this.#storeFolder(this.#udf.tree, "", rootBlock, rootBlock);
    this.#storeFileSet(fileSetBlock, rootBlock);
    const metaPieces = this.#meta === this.#data ? [] : this.#storeMetadataFile();
    const image = new BlockSpace(this.#blockSize, PARTITION_BLOCK);
    image.write(32_768 / this.#blockSize, recognition(this.#blockSize));
    image.store(this.#data.bytes);
    const last = image.allocate(1);
    writeVolume(image, {
      label: this.#udf.label ?? "LAB",
      isExtended: this.#isExtended,
      partition: this.#udf.partition ?? "plain",
      blockCount: this.#data.blockCount,
      fileSet: { block: fileSetBlock, partition: this.#metaReference },
      last,
    });
    return { bytes: image.bytes, places: this.#imagePlaces(metaPieces) };
  }

  #imagePlaces(metaPieces: readonly MetaPiece[]): Map<string, number> {
    const base = PARTITION_BLOCK * this.#blockSize;
    const inData = (space: BlockSpace, offset: number) => {
      if (space === this.#data) return offset;
      const piece = metaPieces.findLast(({ metaOffset }) => metaOffset <= offset);
      return piece === undefined ? offset : piece.dataOffset + offset - piece.metaOffset;
    };
    const places = [...this.#places].map(
      ([name, { space, offset }]) => [name, base + inData(space, offset)] as const,
    );
    return new Map([...places, ...volumePlaces(this.#blockSize)]);
  }

  #descriptor(id: number, location: number, sizeBytes: number, fill: (view: DataView<ArrayBuffer>) => void) {
    return descriptor({ id, location, sizeBytes, isExtended: this.#isExtended }, fill);
  }

  #storeFolder(folder: LabFolder<LabUdfFile>, path: string, block: number, parentBlock: number): void {
    const identifiers: { bytes: Uint8Array; path?: string }[] = [
      { bytes: this.#identifier("", CHARACTERISTICS.parent | CHARACTERISTICS.directory, parentBlock) },
    ];
    const children = Object.entries(folder).map(([name, entry]) => {
      const inner = path === "" ? name : `${path}/${name}`;
      const entryBlock = this.#meta.allocate(1);
      const characteristics = isFolder(entry) ? CHARACTERISTICS.directory : 0;
      identifiers.push({ bytes: this.#identifier(name, characteristics, entryBlock), path: inner });
      return { entry, inner, entryBlock };
    });
    const content = Buffer.concat(identifiers.map(({ bytes }) => bytes));
    const fits = content.length <= this.#blockSize - ExtendedFileEntry.sizeBytes;
    const allocation = this.#udf.embedsDirectories === true && fits ? "embedded" : "short";
    const fileType = FILE_TYPE.directory;
    const dataOffset = this.#storeEntry({ content, allocation, fileType }, path, block, this.#meta);
    let at = dataOffset;
    for (const { bytes, path: inner } of identifiers) {
      if (inner !== undefined) this.#places.set(`name:${inner}`, { space: this.#meta, offset: at });
      at += bytes.length;
    }
    for (const { entry, inner, entryBlock } of children) {
      if (isFolder(entry)) this.#storeFolder(entry, inner, entryBlock, block);
      else this.#storeFile(entry, inner, entryBlock);
    }
  }

  #storeFile(file: LabUdfFile, path: string, block: number): void {
    const usual = this.#meta === this.#data ? "short" : "long";
    this.#storeEntry({ allocation: usual, ...file }, path, block, this.#data);
  }

  /** Stores a file entry and its data in `space`; gives the offset of the data in that, or of that embedded. */
  #storeEntry(file: LabUdfFile, path: string, block: number, space: BlockSpace): number {
    const Layout = this.#isExtended ? ExtendedFileEntry : FileEntry;
    const isEmbedded = file.allocation === "embedded";
    let dataOffset = block * this.#blockSize + Layout.sizeBytes;
    let descriptors: Uint8Array = file.content;
    if (!isEmbedded) {
      const blocks = this.#storePieces(file, space);
      dataOffset = (blocks[0] ?? 0) * this.#blockSize;
      descriptors = this.#allocationDescriptors(file, blocks, space);
    }
    this.#meta.write(block, this.#fileEntry(file, block, descriptors));
    this.#places.set(`entry:${path}`, { space: this.#meta, offset: block * this.#blockSize });
    return dataOffset;
  }

  #storePieces(file: LabUdfFile, space: BlockSpace): number[] {
    return piecesOf(file).map((piece, index) => {
      if (file.holes?.[index] !== undefined) return 0;
      const block = space.store(piece);
      // A gap, so that the extents of a file do not happen to be one.
      if (file.pieces !== undefined) space.allocate(1);
      return block;
    });
  }

  #allocationDescriptors(file: LabUdfFile, blocks: readonly number[], space: BlockSpace): Uint8Array {
    const partition = space === this.#data ? 0 : this.#metaReference;
    const all = piecesOf(file)
      .map((piece, index) => ({
        sizeBytes: piece.length,
        kind: file.holes?.[index] ?? 0,
        block: blocks[index] ?? 0,
      }))
      .filter(({ sizeBytes }) => sizeBytes > 0)
      .map((extent) => this.#allocation(file.allocation === "long", { ...extent, partition }));
    const perBlock = file.descriptorsPerBlock ?? Math.max(1, all.length);
    let continuation: Uint8Array | undefined;
    for (let first = Math.floor(Math.max(0, all.length - 1) / perBlock) * perBlock; ; first -= perBlock) {
      const bytes = Buffer.concat([
        ...all.slice(first, first + perBlock),
        ...(continuation ? [continuation] : []),
      ]);
      if (first <= 0) return bytes;
      const block = this.#meta.allocate(1);
      const extent = this.#descriptor(
        TAG_ID.allocationExtent,
        block,
        AllocationExtent.sizeBytes + bytes.length,
        (view) => {
          new AllocationExtent(view).sizeBytes = bytes.length;
          new Uint8Array(view.buffer).set(bytes, AllocationExtent.sizeBytes);
        },
      );
      this.#meta.write(block, extent);
      continuation = this.#allocation(file.allocation === "long", {
        kind: EXTENT_KIND.continuation,
        sizeBytes: this.#blockSize,
        block,
        partition: this.#metaReference,
      });
    }
  }

  #allocation(
    isLong: boolean,
    extent: { kind: number; sizeBytes: number; block: number; partition: number },
  ): Uint8Array {
    const allocation = longAllocation(extent.block, extent.partition, extent.kind, extent.sizeBytes);
    return new Uint8Array(allocation.view.buffer, 0, isLong ? 16 : 8);
  }

  #fileEntry(file: LabUdfFile, block: number, descriptors: Uint8Array): Uint8Array {
    const Layout = this.#isExtended ? ExtendedFileEntry : FileEntry;
    const id = this.#isExtended ? TAG_ID.extendedFileEntry : TAG_ID.fileEntry;
    return this.#descriptor(id, block, Layout.sizeBytes + descriptors.length, (view) => {
      const entry = new Layout(view);
      Object.assign(entry.icb, {
        strategy: 4,
        entryCountMax: 1,
        fileType: file.fileType ?? FILE_TYPE.file,
        flags: ALLOCATION[file.allocation ?? "short"],
      });
      // The link count, at the end of owner and permissions.
      entry.owner.set([1, 0], 12);
      Object.assign(entry, {
        sizeBytes: file.content.length,
        checkpoint: 1,
        uniqueId: this.#uniqueId++,
        allocationSizeBytes: descriptors.length,
        modified: this.#timestamp(),
      });
      new Uint8Array(view.buffer).set(descriptors, Layout.sizeBytes);
    });
  }

  #identifier(name: string, characteristics: number, block: number): Uint8Array {
    const encoded = compressedUnicode(name);
    const implementationSizeBytes = this.#udf.implementationSizeBytes ?? 0;
    const used = FileIdentifier.sizeBytes + implementationSizeBytes + encoded.length;
    return this.#descriptor(TAG_ID.fileIdentifier, 0, Math.ceil(used / 4) * 4, (view) => {
      Object.assign(new FileIdentifier(view), {
        version: 1,
        characteristics,
        nameSizeBytes: encoded.length,
        icb: longAllocation(block, this.#metaReference, EXTENT_KIND.recorded, this.#blockSize),
        implementationSizeBytes,
      });
      new Uint8Array(view.buffer).set(encoded, FileIdentifier.sizeBytes + implementationSizeBytes);
    });
  }

  #storeFileSet(block: number, rootBlock: number): void {
    const bytes = this.#descriptor(TAG_ID.fileSet, block, FileSetDescriptor.sizeBytes, (view) => {
      const fields = new FileSetDescriptor(view);
      fields.recorded = this.#timestamp();
      fields.root = longAllocation(rootBlock, this.#metaReference, EXTENT_KIND.recorded, this.#blockSize);
      fields.label.set(dstring(this.#udf.label ?? "LAB", 32));
      fields.domain.set(domain(this.#isExtended));
    });
    this.#meta.write(block, bytes);
    this.#places.set("file set", { space: this.#meta, offset: block * this.#blockSize });
  }

  /** The metadata file in two pieces, its file entry in block 0 and the copy, which shares them, in block 1. */
  #storeMetadataFile(): MetaPiece[] {
    const bytes = this.#meta.bytes;
    const half = Math.ceil(this.#meta.blockCount / 2) * this.#blockSize;
    const pieces = [bytes.subarray(0, half), bytes.subarray(half)].map((piece, index) => {
      this.#data.allocate(1);
      return { block: this.#data.store(piece), metaOffset: index * half, sizeBytes: piece.length };
    });
    const descriptors = Buffer.concat(
      pieces.map(({ block, sizeBytes }) =>
        this.#allocation(false, { kind: 0, sizeBytes, block, partition: 0 }),
      ),
    );
    for (const [block, fileType] of [
      [0, FILE_TYPE.metadata],
      [1, FILE_TYPE.mirror],
    ] as const) {
      const entry = this.#fileEntry({ content: bytes, fileType, allocation: "short" }, block, descriptors);
      this.#data.write(block, entry);
      this.#places.set(block === 0 ? "metadata file" : "metadata mirror", {
        space: this.#data,
        offset: block * this.#blockSize,
      });
    }
    return pieces.map(({ block, metaOffset }) => ({ metaOffset, dataOffset: block * this.#blockSize }));
  }

  #timestamp(): Timestamp {
    const stamp = new Timestamp(new DataView(new ArrayBuffer(Timestamp.sizeBytes)));
    return Object.assign(stamp, { typeAndZone: this.#udf.typeAndZone ?? ZONE, ...TIME });
  }
}

/** Where a part of the metadata file is in the partition, in bytes. */
interface MetaPiece {
  readonly metaOffset: number;
  readonly dataOffset: number;
}
