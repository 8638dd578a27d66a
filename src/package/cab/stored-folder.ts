// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "../../io/index.ts";
import { type DataHead, isSound, readHeads, whereOf } from "./data-blocks.ts";
import { type Folder, folderTooShort, incomplete } from "./folder.ts";
import type { ExtractBudget } from "./limits.ts";

/** A stretch of stored data: a block, or the part of one that lies in this cabinet. */
interface Extent extends Omit<DataHead, "counted" | "read"> {
  /** Where it begins in the data of the folder. */
  readonly start: number;
}

const sizeOf = (extents: readonly Extent[]) => extents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** A folder that is not compressed, read where it stands. Its blocks are looked for only as far as they are needed. */
export class StoredFolder {
  readonly #folder: Folder;
  readonly #heads: Iterator<DataHead, void>;
  readonly #budget: ExtractBudget;
  readonly #extents: Extent[] = [];
  readonly #sound = new Set<Extent>();
  /** Parts of a block whose rest is still to come, in a next cabinet. */
  #split: readonly Extent[] = [];
  #end = 0;
  #failure: unknown;

  /** Blocks count against the budget as they are found, since folders may share theirs. */
  constructor(folder: Folder, budget: ExtractBudget) {
    this.#folder = folder;
    this.#heads = readHeads(folder);
    this.#budget = budget;
  }

  /**
   * Bytes of a range. Blocks that are touched for the first time are read as a whole for their checksum; throws
   * CAB_CHECKSUM where it is wrong, CAB_MEMBER_RANGE where the folder ends before the range, or what keeps it from
   * being read.
   */
  read(start: number, length: number): DataView {
    if (length === 0) return new DataView(new ArrayBuffer(0));
    const extents = this.#extentsOf(start, start + length);
    for (const extent of extents) this.#verify(extent);
    const [only, second] = extents;
    if (only !== undefined && second === undefined)
      return only.part.source.read(only.dataOffset + start - only.start, length);
    const bytes = new Uint8Array(length);
    for (const extent of extents) {
      const from = Math.max(start, extent.start);
      const to = Math.min(start + length, extent.start + extent.sizeBytes);
      bytes.set(
        readBytes(extent.part.source, extent.dataOffset + from - extent.start, to - from),
        from - start,
      );
    }
    return new DataView(bytes.buffer);
  }

  /** Where a range stands in a file of the host; undefined where it is in several pieces. */
  originOf(start: number, length: number): Origin | undefined {
    const [only, second] = length === 0 ? [] : this.#extentsOf(start, start + length);
    if (only === undefined || second !== undefined) return undefined;
    return only.part.source.originOf?.(only.dataOffset + start - only.start, length);
  }

  #extentsOf(start: number, end: number): Extent[] {
    while (this.#end < end) this.#findNext(end);
    const extents = this.#extents;
    let [low, high] = [0, extents.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { start: at = 0, sizeBytes = 0 } = extents[middle] ?? {};
      if (at + sizeBytes <= start) low = middle + 1;
      else high = middle;
    }
    const first = low;
    while ((extents[low]?.start ?? end) < end) low++;
    return extents.slice(first, low);
  }

  #findNext(end: number): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (this.#folder.startMissing !== undefined) throw incomplete(this.#folder.startMissing, this.#folder);
      const { value: head } = this.#heads.next();
      if (head === undefined) throw this.#tooShort(end);
      this.#add(head);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #add({ counted, read, ...head }: DataHead): void {
    this.#budget.unpack(head.sizeBytes);
    const start = this.#end + sizeOf(this.#split);
    const block = head.sizeBytes === 0 ? this.#split : [...this.#split, { ...head, start }];
    if (head.outputSize === 0) {
      this.#split = block;
      return;
    }
    if (sizeOf(block) !== head.outputSize) {
      const message = `it is stored, but ${sizeOf(block)} bytes are to become ${head.outputSize}`;
      throw new VmguestError("CAB_BLOCK", message, whereOf(head));
    }
    this.#extents.push(...block);
    this.#end += head.outputSize;
    this.#split = [];
  }

  #tooShort(end: number): VmguestError {
    return this.#split.length > 0 && this.#folder.endMissing === undefined
      ? incomplete("its last block goes on in a next cabinet", this.#folder)
      : folderTooShort(this.#folder, end, this.#end);
  }

  #verify(extent: Extent): void {
    if (extent.checksum === 0 || this.#sound.has(extent)) return;
    const { source } = extent.part;
    const head = readBytes(source, extent.offset, extent.dataOffset - extent.offset);
    const data = readBytes(source, extent.dataOffset, extent.sizeBytes);
    if (!isSound({ checksum: extent.checksum, counted: head.subarray(4) }, data)) {
      const message = "the data does not match its checksum";
      throw new VmguestError("CAB_CHECKSUM", message, whereOf(extent));
    }
    this.#sound.add(extent);
  }
}

/** A stored member in its place. */
export class StoredMember implements ByteSource {
  readonly sizeBytes: number;
  readonly #folder: StoredFolder;
  readonly #start: number;

  constructor(folder: StoredFolder, start: number, sizeBytes: number) {
    this.#folder = folder;
    this.#start = start;
    this.sizeBytes = sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the member", this.sizeBytes, offset, length);
    return this.#folder.read(this.#start + offset, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the member", this.sizeBytes, offset, length);
    return this.#folder.originOf(this.#start + offset, length);
  }
}
