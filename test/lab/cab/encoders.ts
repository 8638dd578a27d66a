import { deflateRawSync } from "node:zlib";
import { BLOCK_OUTPUT_MAX } from "../../../src/package/cab/layout.ts";

/** One CFDATA as it is to be written. */
export interface LabBlock {
  readonly data: Uint8Array;
  /** Bytes that it unpacks to. */
  readonly outputSize: number;
  /** What the CFDATA says in place of the truth. */
  readonly fields?: { readonly checksum?: number; readonly sizeBytes?: number; readonly outputSize?: number };
}

/** A compression method: makes the blocks of a folder of its content. */
export interface LabEncoder {
  /** `FolderEntry.compression`. */
  readonly typeCompress: number;
  encode(content: Uint8Array): LabBlock[];
}

/** The content in the pieces that blocks unpack to. */
export function framesOf(content: Uint8Array): Uint8Array[] {
  const count = Math.ceil(content.length / BLOCK_OUTPUT_MAX);
  return Array.from({ length: count }, (_, index) =>
    content.subarray(index * BLOCK_OUTPUT_MAX, (index + 1) * BLOCK_OUTPUT_MAX),
  );
}

/** No compression. */
export const stored: LabEncoder = {
  typeCompress: 0,
  encode: (content) => framesOf(content).map((data) => ({ data, outputSize: data.length })),
};

/** DEFLATE whose matches go back into the block before, as Microsoft's own does. */
export const mszip: LabEncoder = {
  typeCompress: 1,
  encode: (content) => {
    const frames = framesOf(content);
    return frames.map((frame, index) => {
      const dictionary = frames[index - 1];
      const packed = deflateRawSync(frame, { level: 9, ...(dictionary && { dictionary }) });
      return { data: Buffer.concat([Buffer.from("CK"), packed]), outputSize: frame.length };
    });
  },
};
