// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { ALIGNMENT_BYTES, HEADER_SECTION_SIZE_BYTES } from "./layout.ts";

/** A part of the file that one structure claims for itself. */
export interface FileRange {
  /** The structure as an error message calls it. */
  readonly what: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Why a range cannot be one of the file's large structures, or undefined where it can (2.1). */
export function faultOfRange(range: FileRange, fileSizeBytes: number): string | undefined {
  const { offset, lengthBytes } = range;
  if (offset % ALIGNMENT_BYTES !== 0 || lengthBytes % ALIGNMENT_BYTES !== 0) {
    return `it begins at 0x${offset.toString(16)} and has 0x${lengthBytes.toString(16)} bytes, but must lie on whole MiB`;
  }
  if (offset < HEADER_SECTION_SIZE_BYTES) return "it begins inside the first MiB";
  if (offset + lengthBytes > fileSizeBytes) {
    return `it ends at 0x${(offset + lengthBytes).toString(16)}, the file at 0x${fileSizeBytes.toString(16)}`;
  }
  return undefined;
}

/** Throws VHDX_OVERLAP where two of the ranges share bytes. */
export function checkNoOverlap(ranges: readonly FileRange[]): void {
  const inOrder = ranges
    .filter(({ lengthBytes }) => lengthBytes > 0)
    .sort((left, right) => left.offset - right.offset);
  inOrder.forEach((range, index) => {
    const next = inOrder[index + 1];
    if (next !== undefined && overlaps(range, next)) throw overlap(next, range);
  });
}

export function overlaps(left: FileRange, right: FileRange): boolean {
  return left.offset < right.offset + right.lengthBytes && right.offset < left.offset + left.lengthBytes;
}

export function overlap(range: FileRange, other: FileRange): VmguestError {
  return new VmguestError("VHDX_OVERLAP", `its bytes belong to the ${other.what} as well`, {
    structure: range.what,
    offset: range.offset,
  });
}
