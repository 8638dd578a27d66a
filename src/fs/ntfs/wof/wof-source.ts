// SPDX-License-Identifier: MIT
import { readSize64 } from "../../../bytes/index.ts";
import { locate, VmguestError, type Where } from "../../../errors.ts";
import { type ByteSource, copyBytes, readBytes } from "../../../io/index.ts";
import { UnitSource } from "../unit-source.ts";
import type { WofAlgorithm } from "./wof-reparse.ts";

/** From this size of the file on, offsets in the table take 8 bytes. */
const SHORT_OFFSETS_MAX = 0xffff_ffff;

export interface WofSourceOptions {
  /** Bytes of the file as it reads. */
  readonly sizeBytes: number;
  readonly algorithm: WofAlgorithm;
  /** The stream that holds the chunks. */
  readonly packed: ByteSource;
  /** Path of the file, and of the stream, for errors. */
  readonly path: string;
  readonly packedPath: string;
}

/**
 * A file that WOF compressed: chunks of a fixed size, each on its own, behind a table of where each but the first
 * begins. A read looks up and expands the chunks it touches.
 *
 * Throws WOF_TABLE here where the table does not fit the stream; WOF_TABLE and WOF_CHUNK when a damaged part is read.
 */
export function openWofSource(options: WofSourceOptions): ByteSource {
  const chunks = new ChunkTable(options);
  const { algorithm, sizeBytes, packed, path } = options;
  const { chunkSizeBytes } = algorithm;
  const decode = (index: number): Uint8Array => {
    const { start, length } = chunks.find(index);
    const expected = Math.min(chunkSizeBytes, sizeBytes - index * chunkSizeBytes);
    const where = { ...chunks.where(index), offset: start };
    if (length > expected) {
      const message = `the chunk takes ${length} bytes, more than the ${expected} it stands for`;
      throw new VmguestError("WOF_CHUNK", message, where);
    }
    // What would not become smaller is stored as it is.
    if (length === expected) return copyBytes(packed, start, length);
    return locate(where, () => algorithm.expand(readBytes(packed, start, length), expected));
  };
  return new UnitSource({ name: path, sizeBytes, unitSizeBytes: chunkSizeBytes, decode });
}

/** Where the chunks stand. Entries are read when their chunk is: the table of a large file has megabytes. */
class ChunkTable {
  readonly #packed: ByteSource;
  readonly #packedPath: string;
  readonly #chunkCount: number;
  readonly #offsetSize: 4 | 8;
  readonly #sizeBytes: number;

  constructor({ packed, packedPath, sizeBytes, algorithm }: WofSourceOptions) {
    this.#packed = packed;
    this.#packedPath = packedPath;
    this.#chunkCount = Math.ceil(sizeBytes / algorithm.chunkSizeBytes);
    this.#offsetSize = sizeBytes > SHORT_OFFSETS_MAX ? 8 : 4;
    this.#sizeBytes = Math.max(0, this.#chunkCount - 1) * this.#offsetSize;
    if (this.#sizeBytes + this.#chunkCount > packed.sizeBytes) {
      const message = `${packed.sizeBytes} bytes cannot hold ${this.#chunkCount} chunks and their table`;
      throw new VmguestError("WOF_TABLE", message, this.#place(0));
    }
  }

  /** Where chunk `index` stands in the stream; at least one byte, and inside. */
  find(index: number): { start: number; length: number } {
    const start = this.#sizeBytes + (index === 0 ? 0 : this.#entry(index - 1));
    const isLast = index === this.#chunkCount - 1;
    const end = isLast ? this.#packed.sizeBytes : this.#sizeBytes + this.#entry(index);
    if (start < end && end <= this.#packed.sizeBytes) return { start, length: end - start };
    const message = `chunk ${index} is from 0x${start.toString(16)} to 0x${end.toString(16)}, which is no place in the stream`;
    throw new VmguestError("WOF_TABLE", message, this.#place(index * this.#offsetSize));
  }

  /** Place of a chunk, for errors. */
  where(index: number): Where {
    return { path: this.#packedPath, structure: `chunk ${index}` };
  }

  #entry(entryIndex: number): number {
    const at = entryIndex * this.#offsetSize;
    const view = this.#packed.read(at, this.#offsetSize);
    if (this.#offsetSize === 4) return view.getUint32(0, true);
    return locate(this.#place(at), () => readSize64(view, 0));
  }

  #place(offset: number): Where {
    return { path: this.#packedPath, structure: "WOF chunk table", offset };
  }
}
