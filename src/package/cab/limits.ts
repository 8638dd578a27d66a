// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";

/** What unpacking a cabinet may cost, whatever the cabinet says. */
export interface ExtractLimits {
  /** Bytes that may be unpacked, and that may be handed out, by one pass over the contents or by all calls of `open`. */
  readonly totalBytes: number;
  /** Bytes that may be unpacked for each byte of the cabinet. */
  readonly ratio: number;
  /** Bytes up to which the ratio is not looked at. */
  readonly ratioFreeBytes: number;
  /**
   * Bytes of unpacked data that may be held in memory: one opened member, what is read at once of a larger one, or what
   * overlapping members share.
   */
  readonly keptBytes: number;
}

/**
 * 8 GiB are twice what a cabinet can hold stored, since its size has 32 bits. The formats themselves reach 1260:1 (LZX
 * of zeros), and one block stands for at most 32,768 bytes at 8 bytes of header, so a ratio alone says little of a
 * small cabinet: up to 256 MiB anything goes, which takes a second or two. Above, 250:1 lets through what people
 * pack, images of mostly empty disks included, and stops folders that share their data to multiply it.
 */
export const DEFAULT_LIMITS: ExtractLimits = {
  totalBytes: 8 * 2 ** 30,
  ratio: 250,
  ratioFreeBytes: 256 * 2 ** 20,
  keptBytes: 256 * 2 ** 20,
};

/**
 * What a block counts at least. Only the last of a folder is short, so this changes nothing for real cabinets; but one
 * chain of 65,535 blocks of a byte, or of none, may belong to 65,535 folders, and each block costs its call.
 */
const BLOCK_COST = 4096;
/** Memory is cleared that much faster than LZX unpacks. */
const BYTES_CLEARED_PER_UNPACKED = 16;

/** Counts what a pass unpacks and hands out, and refuses more than the limits allow with CAB_LIMIT. */
export class ExtractBudget {
  readonly #bytesMax: number;
  #unpackedBytes = 0;
  #handedOutBytes = 0;

  /** `packedBytes` is the size of the cabinet, or of all cabinets of its set. */
  constructor({ totalBytes, ratio, ratioFreeBytes }: ExtractLimits, packedBytes: number) {
    this.#bytesMax = Math.min(totalBytes, Math.max(ratioFreeBytes, ratio * packedBytes));
  }

  /** To be called for each block, before it is unpacked. */
  unpack(byteCount: number): void {
    this.#unpackedBytes += Math.max(byteCount, BLOCK_COST);
    this.#check(this.#unpackedBytes);
  }

  /** To be called before memory is taken to unpack a folder. */
  allocate(byteCount: number): void {
    this.#unpackedBytes += byteCount / BYTES_CLEARED_PER_UNPACKED;
    this.#check(this.#unpackedBytes);
  }

  /** Members that overlap hand out the same bytes again and again. */
  handOut(byteCount: number): void {
    this.#handedOutBytes += byteCount;
    this.#check(this.#handedOutBytes);
  }

  #check(byteCount: number): void {
    if (byteCount <= this.#bytesMax) return;
    throw new VmguestError(
      "CAB_LIMIT",
      `unpacking gives more than ${this.#bytesMax} bytes, the limit for its size`,
    );
  }
}
