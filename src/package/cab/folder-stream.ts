// SPDX-License-Identifier: MIT
import { located, VmguestError } from "../../errors.ts";
import type { BlockDecoder } from "./block-decoder.ts";
import { type DataBlock, readBlocks, whereOf } from "./data-blocks.ts";
import { createDecoder, decoderMemory } from "./decoders.ts";
import type { FindingList } from "./findings.ts";
import type { Folder } from "./folder.ts";
import type { ExtractBudget } from "./limits.ts";
import { compressionOf } from "./member.ts";

/** Unpacked data of a folder, as one block gave it. */
export interface UnpackedBlock {
  /** Where it begins in the unpacked data of the folder. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** True for zeros that stand for a damaged block. */
  readonly isLost: boolean;
}

/**
 * The unpacked data of a folder from its beginning, block by block.
 *
 * What stops it once stops it for good: it is thrown again by each further call. When salvaging, a wrong checksum is
 * only a finding, and a block that cannot be unpacked becomes zeros where the next one does not depend on it.
 */
export class FolderStream {
  readonly #folder: Folder;
  readonly #blocks: Iterator<DataBlock, void>;
  readonly #budget: ExtractBudget;
  readonly #salvage: FindingList | undefined;
  #decoder: BlockDecoder | undefined;
  #position = 0;
  #failure: unknown;

  /** Nothing is read yet. With `salvage`, findings about damage go there. */
  constructor(folder: Folder, budget: ExtractBudget, salvage: FindingList | undefined) {
    this.#folder = folder;
    this.#blocks = readBlocks(folder);
    this.#budget = budget;
    this.#salvage = salvage;
  }

  /** Bytes unpacked so far. */
  get position(): number {
    return this.#position;
  }

  /** Whether nothing more will come because of damage. */
  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** The next block, whose bytes are valid until the next call; undefined at the end of the folder. */
  next(): UnpackedBlock | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const block = this.#nextBlock();
      if (block === undefined) return undefined;
      const unpacked = this.#unpack(block);
      this.#position += block.outputSize;
      return unpacked;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** The next block that is not empty. */
  #nextBlock(): DataBlock | undefined {
    for (;;) {
      const { value: block } = this.#blocks.next();
      if (block === undefined) return undefined;
      this.#budget.unpack(block.outputSize);
      if (block.outputSize > 0) return block;
    }
  }

  #unpack(block: DataBlock): UnpackedBlock {
    const start = this.#position;
    if (!block.checksumMatches) this.#reportChecksum(block);
    try {
      this.#decoder ??= this.#createDecoder();
      return { start, bytes: this.#decoder.decode(block.data, block.outputSize), isLost: false };
    } catch (error) {
      const full = located(error, whereOf(block.place));
      if (this.#salvage === undefined || !(full instanceof VmguestError) || !this.#canGoOn()) throw full;
      this.#salvage.addError(full);
      return { start, bytes: new Uint8Array(block.outputSize), isLost: true };
    }
  }

  #createDecoder(): BlockDecoder {
    this.#budget.allocate(decoderMemory(this.#folder));
    return createDecoder(this.#folder);
  }

  #reportChecksum(block: DataBlock): void {
    const message = "the data does not match its checksum";
    const error = new VmguestError("CAB_CHECKSUM", message, whereOf(block.place));
    if (this.#salvage === undefined) throw error;
    this.#salvage.addError(error);
  }

  /** A block of the other methods cannot be understood without all before it. */
  #canGoOn(): boolean {
    const compression = compressionOf(this.#folder.compression);
    return compression === "none" || compression === "mszip";
  }
}
