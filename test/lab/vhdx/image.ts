// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../../src/bytes/index.ts";
import { bitmapIndex, chunkRatioOf, entryCountOf, payloadIndex } from "../../../src/disk/vhdx/bat.ts";
import { checksumOf } from "../../../src/disk/vhdx/checksum.ts";
import {
  FILE_PARAMETER_FLAGS,
  FileIdentifier,
  FileParameters,
  HEADER_OFFSETS,
  METADATA_IDS,
  MIB,
  REGION_IDS,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE_BYTES,
  VhdxHeader,
} from "../../../src/disk/vhdx/layout.ts";
import type { VhdxLog } from "./log.ts";
import { SparseImage } from "./sparse-image.ts";
import { METADATA_TABLE_AND_ITEMS, MetadataTable, makeParentLocator, RegionTable } from "./tables.ts";

export interface VhdxOptions {
  readonly virtualSizeBytes: number;
  /** 1 MiB where not given. */
  readonly blockSizeBytes?: number;
  readonly logicalSectorSizeBytes?: 512 | 4096;
  readonly isFixed?: boolean;
  /** Blocks by number, in the order in which they stand in the file: their bytes, or a state without bytes. */
  readonly blocks?: ReadonlyMap<number, Uint8Array | PartialBlock | number>;
  /** {@link DATA_WRITE_GUID} where not given. */
  readonly dataWriteGuid?: string;
  readonly logLengthBytes?: number;
  /** Makes it a differencing disk with these keys and values as its parent locator. */
  readonly parent?: Readonly<Record<string, string>>;
}

/** A block of a differencing disk that has some sectors only; what `content` holds for the others is not to be seen. */
export interface PartialBlock {
  readonly content: Uint8Array;
  readonly hasSector: (sector: number) => boolean;
}

/** Identity of the content of every image made here. */
export const DATA_WRITE_GUID = "ffeeddcc-bbaa-9988-7766-554433221100";

const FULLY_PRESENT = 6;
const PARTIALLY_PRESENT = 7;
const LOG_OFFSET = MIB;

/**
 * A VHDX file in memory: log, metadata region, BAT region and blocks follow the headers in this order.
 *
 * The `edit` methods change a structure and put its checksum right again; `write` leaves the checksum as it was.
 */
export class VhdxImage extends SparseImage {
  readonly logLengthBytes: number;
  readonly metadataOffset: number;
  readonly batOffset: number;
  readonly chunkRatio: number;
  /** File offsets of the sector bitmaps, by chunk. */
  readonly #bitmaps = new Map<number, number>();

  constructor(options: VhdxOptions) {
    super();
    const { blockSizeBytes = MIB, logicalSectorSizeBytes = 512, logLengthBytes = MIB } = options;
    const parameters = {
      virtualSizeBytes: options.virtualSizeBytes,
      blockSizeBytes,
      logicalSectorSizeBytes,
    };
    const batLengthBytes = roundUp(entryCountOf(parameters, options.parent !== undefined) * 8, MIB);
    this.logLengthBytes = logLengthBytes;
    this.metadataOffset = LOG_OFFSET + logLengthBytes;
    this.batOffset = this.metadataOffset + MIB;
    this.chunkRatio = chunkRatioOf(parameters);

    this.#writeIdentifier();
    for (const copy of COPIES) this.#writeHeader(copy, options.dataWriteGuid ?? DATA_WRITE_GUID);
    for (const copy of COPIES) this.#writeRegionTable(copy, batLengthBytes);
    this.#writeMetadata(options, parameters);
    this.grow(this.batOffset + batLengthBytes);
    this.#writeBlocks(options.blocks ?? new Map(), blockSizeBytes, logicalSectorSizeBytes);
  }

  /** Makes the file at least so long, with zeros. */
  grow(sizeBytes: number): void {
    this.sizeBytes = Math.max(this.sizeBytes, sizeBytes);
  }

  editHeader(copy: 0 | 1, edit: (header: VhdxHeader) => void): this {
    return this.#edit(HEADER_OFFSETS[copy], VhdxHeader.sizeBytes, (view) => edit(new VhdxHeader(view)));
  }

  /** Both copies alike. */
  editHeaders(edit: (header: VhdxHeader) => void): this {
    for (const copy of COPIES) this.editHeader(copy, edit);
    return this;
  }

  /** Both copies alike; entry 0 is the BAT, entry 1 the metadata. */
  editRegionTables(edit: (table: RegionTable) => void): this {
    for (const offset of REGION_TABLE_OFFSETS) {
      this.#edit(offset, REGION_TABLE_SIZE_BYTES, (view) => edit(new RegionTable(view)));
    }
    return this;
  }

  /** The metadata table, which has no checksum; the items are in the order of `METADATA_IDS`. */
  editMetadata(edit: (table: MetadataTable) => void): this {
    const view = this.read(this.metadataOffset, METADATA_TABLE_AND_ITEMS);
    edit(new MetadataTable(view));
    this.write(this.metadataOffset, new Uint8Array(view.buffer));
    return this;
  }

  /** An entry by its index, bitmap entries counted. */
  setBatEntry(index: number, value: bigint): this {
    const entry = new DataView(new ArrayBuffer(8));
    entry.setBigUint64(0, value, true);
    this.write(this.batOffset + index * 8, new Uint8Array(entry.buffer));
    return this;
  }

  /** Puts a log into its place and makes both headers name it. */
  setLog(log: VhdxLog): this {
    this.write(LOG_OFFSET, log.bytes);
    return this.editHeaders((header) => {
      header.logGuid = log.guid;
    });
  }

  #edit(offset: number, sizeBytes: number, edit: (view: DataView) => void): this {
    const view = this.read(offset, sizeBytes);
    edit(view);
    view.setUint32(4, checksumOf(view), true);
    this.write(offset, new Uint8Array(view.buffer));
    return this;
  }

  #writeIdentifier(): void {
    const view = new DataView(new ArrayBuffer(FileIdentifier.sizeBytes));
    Object.assign(new FileIdentifier(view), { signature: "vhdxfile", creator: "vmguest lab" });
    this.write(0, new Uint8Array(view.buffer));
  }

  #writeHeader(copy: 0 | 1, dataWriteGuid: string): void {
    this.grow(MIB);
    this.editHeader(copy, (header) => {
      Object.assign(header, {
        signature: "head",
        sequence: BigInt(7 + copy),
        fileWriteGuid: "00112233-4455-6677-8899-aabbccddeeff",
        dataWriteGuid,
        logGuid: ZERO_GUID,
        version: 1,
        logLengthBytes: this.logLengthBytes,
        logOffset: LOG_OFFSET,
      });
    });
  }

  #writeRegionTable(copy: 0 | 1, batLengthBytes: number): void {
    this.#edit(REGION_TABLE_OFFSETS[copy], REGION_TABLE_SIZE_BYTES, (view) => {
      const table = new RegionTable(view);
      table.header.signature = "regi";
      table.add({ id: REGION_IDS.bat, fileOffset: this.batOffset, lengthBytes: batLengthBytes, flags: 1 });
      table.add({ id: REGION_IDS.metadata, fileOffset: this.metadataOffset, lengthBytes: MIB, flags: 1 });
    });
  }

  #writeMetadata(
    options: VhdxOptions,
    parameters: { blockSizeBytes: number; logicalSectorSizeBytes: number },
  ) {
    this.grow(this.metadataOffset + MIB);
    this.editMetadata((table) => {
      table.header.signature = "metadata";
      const flags =
        (options.isFixed === true ? FILE_PARAMETER_FLAGS.leaveBlocksAllocated : 0) +
        (options.parent === undefined ? 0 : FILE_PARAMETER_FLAGS.hasParent);
      const fileParameters = new FileParameters(table.add(METADATA_IDS.fileParameters, 8, 4));
      Object.assign(fileParameters, { blockSizeBytes: parameters.blockSizeBytes, flags });
      const size = table.add(METADATA_IDS.virtualDiskSize, 8, 6);
      size.setBigUint64(0, BigInt(options.virtualSizeBytes), true);
      table.add(METADATA_IDS.virtualDiskId, 16, 6).setBigUint64(0, 0x1122334455667788n);
      const logical = table.add(METADATA_IDS.logicalSectorSize, 4, 6);
      logical.setUint32(0, parameters.logicalSectorSizeBytes, true);
      table.add(METADATA_IDS.physicalSectorSize, 4, 6).setUint32(0, 4096, true);
      if (options.parent === undefined) return;
      const locator = makeParentLocator(options.parent);
      const item = table.add(METADATA_IDS.parentLocator, locator.length, 4);
      new Uint8Array(item.buffer, item.byteOffset).set(locator);
    });
  }

  #writeBlocks(
    blocks: ReadonlyMap<number, Uint8Array | PartialBlock | number>,
    blockSizeBytes: number,
    sectorSizeBytes: number,
  ): void {
    for (const [block, content] of blocks) {
      const index = payloadIndex(block, this.chunkRatio);
      if (typeof content === "number") {
        this.setBatEntry(index, BigInt(content));
        continue;
      }
      const isPartial = "hasSector" in content;
      const offset = this.#append(isPartial ? content.content : content, blockSizeBytes);
      const state = isPartial ? PARTIALLY_PRESENT : FULLY_PRESENT;
      this.setBatEntry(index, BigInt(offset) + BigInt(state));
      if (isPartial) this.#writeBitmap(block, content, blockSizeBytes / sectorSizeBytes);
    }
  }

  /** Puts bytes on the next whole MiB at the end of the file and says where. */
  #append(content: Uint8Array, sizeBytes: number): number {
    const offset = roundUp(this.sizeBytes, MIB);
    this.write(offset, content);
    this.grow(offset + sizeBytes);
    return offset;
  }

  #writeBitmap(block: number, { hasSector }: PartialBlock, sectorCount: number): void {
    const chunk = Math.floor(block / this.chunkRatio);
    let offset = this.#bitmaps.get(chunk);
    if (offset === undefined) {
      offset = this.#append(new Uint8Array(0), MIB);
      this.#bitmaps.set(chunk, offset);
      this.setBatEntry(bitmapIndex(chunk, this.chunkRatio), BigInt(offset) + BigInt(FULLY_PRESENT));
    }
    const bits = new Uint8Array(sectorCount / 8);
    for (let sector = 0; sector < sectorCount; sector++) {
      // The lowest bit of a byte belongs to the first sector (2.5.2).
      if (hasSector(sector)) bits[sector >> 3] = (bits[sector >> 3] ?? 0) | (1 << (sector & 7));
    }
    this.write(offset + (block % this.chunkRatio) * bits.length, bits);
  }
}

const COPIES = [0, 1] as const;

/** A dynamic VHDX of the given bytes, to be opened or written to a file; blocks of zeros are left out. */
export function vhdxOf(content: Uint8Array, options: Partial<VhdxOptions> = {}): VhdxImage {
  const blockSizeBytes = options.blockSizeBytes ?? MIB;
  const blocks = new Map<number, Uint8Array>();
  for (let start = 0; start < content.length; start += blockSizeBytes) {
    const block = content.subarray(start, start + blockSizeBytes);
    if (block.some((byte) => byte !== 0)) blocks.set(start / blockSizeBytes, block);
  }
  return new VhdxImage({ virtualSizeBytes: content.length, blocks, ...options });
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
