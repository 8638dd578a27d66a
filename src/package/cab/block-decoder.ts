// SPDX-License-Identifier: MIT

/** Expands the data blocks of one folder of a cabinet, which have to be given in their order. */
export interface BlockDecoder {
  /**
   * Expands the data of the next block (CFDATA) to exactly `outputSize` bytes, at most 32768. What it gives is read-only
   * and valid until the next call. Where it has thrown, the folder has no further blocks that could be expanded.
   */
  decode(input: Uint8Array, outputSize: number): Uint8Array;
}
