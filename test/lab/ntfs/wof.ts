// SPDX-License-Identifier: MIT
import { compressLzx } from "./lzx.ts";
import type { FileOptions } from "./options.ts";
import { concat } from "./records.ts";
import { compressXpress } from "./xpress.ts";

/** The algorithms by their number in the reparse point. */
export const WOF_ALGORITHMS = [
  { name: "XPRESS4K", number: 0, chunkSizeBytes: 4096, pack: compressXpress },
  { name: "LZX", number: 1, chunkSizeBytes: 32_768, pack: compressLzx },
  { name: "XPRESS8K", number: 2, chunkSizeBytes: 8192, pack: compressXpress },
  { name: "XPRESS16K", number: 3, chunkSizeBytes: 16_384, pack: compressXpress },
] as const;

export type LabWofAlgorithm = (typeof WOF_ALGORITHMS)[number];

/** A reparse point of WOF: provider 2 is the file itself, 1 a WIM file. */
export function wofReparse(algorithm: number, { version = 1, provider = 2, fileVersion = 1 } = {}) {
  return { tag: 0x80000017, data: words(version, provider, fileVersion, algorithm) };
}

/** The stream of a file that is compressed so: the table, and the chunks, stored as they are where that is shorter. */
export function packWof(content: Uint8Array, { chunkSizeBytes, pack }: LabWofAlgorithm): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += chunkSizeBytes) {
    const chunk = content.subarray(at, at + chunkSizeBytes);
    const packed = pack(chunk);
    chunks.push(packed.length < chunk.length ? packed : chunk);
  }
  let end = 0;
  const ends = chunks.map(({ length }) => {
    end += length;
    return end;
  });
  return concat([words(...ends.slice(0, -1)), ...chunks]);
}

/** A file that is compressed so, as CompactOS leaves it: its own data is one hole. */
export function wofFile(content: Uint8Array, algorithm: LabWofAlgorithm): FileOptions {
  return {
    content: new Uint8Array(content.length),
    storage: "sparse",
    reparse: wofReparse(algorithm.number),
    streams: { WofCompressedData: { content: packWof(content, algorithm) } },
  };
}

export function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
