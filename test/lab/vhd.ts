// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../src/bytes/index.ts";
import { bitmapSizeOf } from "../../src/disk/vhd/block-table.ts";
import { checksumOf } from "../../src/disk/vhd/checksum.ts";
import { VhdDynamicHeader, VhdFooter, VhdParentLocator } from "../../src/disk/vhd/layout.ts";

export interface VhdOptions {
  readonly virtualSizeBytes: number;
  /** 2 fixed, 3 dynamic (where not given), 4 differencing. */
  readonly diskType?: number;
  /** 2 MiB where not given. */
  readonly blockSizeBytes?: number;
  /** Dynamic: blocks by number, in the order in which they stand in the file. */
  readonly blocks?: ReadonlyMap<number, Uint8Array | VhdPartialBlock>;
  /** Fixed: the bytes of the disk, from its begin. */
  readonly content?: Uint8Array;
  /** Differencing: the parent, under the name in the header and under its relative path. */
  readonly parent?: VhdParent;
  /** Its sixteen bytes are all this one. */
  readonly identity?: number;
}

export interface VhdParent {
  readonly name: string;
  readonly relativePath: string;
  /** The `identity` of the parent; 0 where not given. */
  readonly identity?: number;
  /** When it was written to, in seconds since 2000; not told where not given. */
  readonly timestamp?: number;
}

/** A block of a differencing disk that has some sectors only; what `content` holds for the others is not to be seen. */
export interface VhdPartialBlock {
  readonly content: Uint8Array;
  readonly hasSector: (sector: number) => boolean;
}

const ALL_ONES = 0xffffffffffffffffn;
const HEADER_OFFSET = VhdFooter.sizeBytes;
/** Room for the path of the parent, behind the dynamic disk header. */
const PATH_OFFSET = HEADER_OFFSET + VhdDynamicHeader.sizeBytes;
const TABLE_OFFSET = PATH_OFFSET + 512;

/**
 * A VHD file in memory. A dynamic one has the copy of the footer, the dynamic disk header, the block allocation
 * table, the blocks and the footer, in this order.
 *
 * The `edit` methods change a structure and put its checksum right again.
 */
export class VhdImage {
  bytes: Uint8Array;
  readonly tableOffset = TABLE_OFFSET;
  readonly #hasCopy: boolean;

  constructor(options: VhdOptions) {
    const { virtualSizeBytes, diskType = 3 } = options;
    this.#hasCopy = diskType !== 2;
    const data = this.#hasCopy ? dynamicData(options) : fixedData(options);
    this.bytes = new Uint8Array(data.length + VhdFooter.sizeBytes);
    this.bytes.set(data);
    this.editFooters((footer) => {
      Object.assign(footer, {
        cookie: "conectix",
        features: 2,
        version: 0x10000,
        dataOffset: this.#hasCopy ? BigInt(HEADER_OFFSET) : ALL_ONES,
        creatorApplication: "win ",
        originalSizeBytes: virtualSizeBytes,
        currentSizeBytes: virtualSizeBytes,
        diskType,
      });
      footer.uniqueId.fill(options.identity ?? 0);
    });
  }

  get footerOffset(): number {
    return this.bytes.length - VhdFooter.sizeBytes;
  }

  editFooter(offset: number, edit: (footer: VhdFooter) => void): this {
    const footer = new VhdFooter(viewOf(this.bytes), offset);
    edit(footer);
    const view = viewOf(this.bytes.subarray(offset, offset + VhdFooter.sizeBytes));
    footer.checksum = checksumOf(view, VhdFooter.offsetOf.checksum);
    return this;
  }

  /** The footer, and of a dynamic disk its copy. */
  editFooters(edit: (footer: VhdFooter) => void): this {
    if (this.#hasCopy) this.editFooter(0, edit);
    return this.editFooter(this.footerOffset, edit);
  }

  editHeader(edit: (header: VhdDynamicHeader) => void): this {
    editDynamicHeader(this.bytes, edit);
    return this;
  }

  setTableEntry(index: number, sector: number): this {
    viewOf(this.bytes).setUint32(TABLE_OFFSET + index * 4, sector);
    return this;
  }
}

/** A dynamic VHD of the given bytes; blocks of zeros are left out. */
export function vhdOf(content: Uint8Array, options: Partial<VhdOptions> = {}): VhdImage {
  const blockSizeBytes = options.blockSizeBytes ?? DEFAULT_BLOCK_SIZE_BYTES;
  const blocks = new Map<number, Uint8Array>();
  for (let start = 0; start < content.length; start += blockSizeBytes) {
    const block = content.subarray(start, start + blockSizeBytes);
    if (block.some((byte) => byte !== 0)) blocks.set(start / blockSizeBytes, block);
  }
  return new VhdImage({ virtualSizeBytes: content.length, blocks, content, ...options });
}

const DEFAULT_BLOCK_SIZE_BYTES = 2 * 1024 * 1024;

function fixedData({ virtualSizeBytes, content = new Uint8Array(0) }: VhdOptions): Uint8Array {
  const data = new Uint8Array(virtualSizeBytes);
  data.set(content);
  return data;
}

function dynamicData(options: VhdOptions): Uint8Array {
  const { virtualSizeBytes, blockSizeBytes = DEFAULT_BLOCK_SIZE_BYTES, blocks = new Map() } = options;
  const bitmapSizeBytes = bitmapSizeOf(blockSizeBytes);
  const tableEntryCount = Math.ceil(virtualSizeBytes / blockSizeBytes);
  const blocksOffset = TABLE_OFFSET + Math.ceil((tableEntryCount * 4) / 512) * 512;
  const data = new Uint8Array(blocksOffset + blocks.size * (bitmapSizeBytes + blockSizeBytes));
  const view = viewOf(data);
  data.fill(0xff, TABLE_OFFSET, blocksOffset);
  let offset = blocksOffset;
  for (const [block, content] of blocks) {
    view.setUint32(TABLE_OFFSET + block * 4, offset / 512);
    const isPartial = "hasSector" in content;
    const bits = data.subarray(offset, offset + bitmapSizeBytes);
    if (isPartial) setBits(bits, content, blockSizeBytes / 512);
    else bits.fill(0xff);
    data.set(isPartial ? content.content : content, offset + bitmapSizeBytes);
    offset += bitmapSizeBytes + blockSizeBytes;
  }
  editDynamicHeader(data, (header) => {
    const fields = { cookie: "cxsparse", tableOffset: TABLE_OFFSET, version: 0x10000, tableEntryCount };
    Object.assign(header, { ...fields, blockSizeBytes });
    if (options.parent !== undefined) writeParent(data, header, options.parent);
  });
  return data;
}

function setBits(bits: Uint8Array, { hasSector }: VhdPartialBlock, sectorCount: number): void {
  for (let sector = 0; sector < sectorCount; sector++) {
    // The highest bit of a byte belongs to the first sector.
    if (hasSector(sector)) bits[sector >> 3] = (bits[sector >> 3] ?? 0) | (0x80 >> (sector & 7));
  }
}

function writeParent(
  data: Uint8Array,
  header: VhdDynamicHeader,
  { name, relativePath, identity = 0, timestamp = 0 }: VhdParent,
): void {
  header.parentUniqueId.fill(identity);
  header.parentTimestamp = timestamp;
  header.parentName.set(encodeUtf16(name).map((_, index, units) => units[index ^ 1] ?? 0));
  const path = encodeUtf16(relativePath);
  data.set(path, PATH_OFFSET);
  Object.assign(new VhdParentLocator(header.view, header.at + VhdDynamicHeader.offsetOf.parentLocators), {
    platformCode: "W2ru",
    dataSpace: 512,
    dataLengthBytes: path.length,
    dataOffset: PATH_OFFSET,
  });
}

function editDynamicHeader(bytes: Uint8Array, edit: (header: VhdDynamicHeader) => void): void {
  const header = new VhdDynamicHeader(viewOf(bytes), HEADER_OFFSET);
  edit(header);
  const view = viewOf(bytes.subarray(HEADER_OFFSET, HEADER_OFFSET + VhdDynamicHeader.sizeBytes));
  header.checksum = checksumOf(view, VhdDynamicHeader.offsetOf.checksum);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
