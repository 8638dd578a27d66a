// SPDX-License-Identifier: MIT
import type { Code } from "../../../errors.ts";
import { type ByteSource, readBytes } from "../../../io/index.ts";
import { hashDescriptor } from "../security/store.ts";

/** $SDS is written in blocks of this size, each followed by a second copy of it. */
const BLOCK_SIZE_BYTES = 256 * 1024;
const ENTRY_HEADER_SIZE = 20;
/** Half a million descriptors; Windows volumes have some hundreds. */
const STREAM_SIZE_MAX = 64 * 1024 * 1024;

export type SecurityFault = (code: Code, message: string, offset: number) => void;

/**
 * Goes through $Secure:$SDS: every security descriptor with its hash, identifier and place, and its second copy.
 *
 * Gives the identifiers, or undefined where not all of them could be read.
 */
export function readSecurityStream(
  stream: ByteSource,
  fault: SecurityFault,
): ReadonlySet<number> | undefined {
  const ids = new Set<number>();
  let isWhole = stream.sizeBytes <= STREAM_SIZE_MAX;
  const sizeBytes = Math.min(stream.sizeBytes, STREAM_SIZE_MAX);
  for (let start = 0; start < sizeBytes; start += 2 * BLOCK_SIZE_BYTES) {
    const length = Math.min(BLOCK_SIZE_BYTES, sizeBytes - start);
    const block = stream.read(start, length);
    const mirrorAt = start + BLOCK_SIZE_BYTES;
    const mirrorLength = Math.max(0, Math.min(length, sizeBytes - mirrorAt));
    const mirror = readBytes(stream, Math.min(mirrorAt, sizeBytes), mirrorLength);
    isWhole = readBlock({ block, mirror, start }, ids, fault) && isWhole;
  }
  return isWhole ? ids : undefined;
}

interface SecurityBlock {
  readonly block: DataView;
  readonly mirror: Uint8Array;
  /** Where the block stands in the stream. */
  readonly start: number;
}

/** Every entry moves at least 16 bytes on, which bounds the loop. */
function readBlock({ block, mirror, start }: SecurityBlock, ids: Set<number>, fault: SecurityFault): boolean {
  for (let at = 0; at + ENTRY_HEADER_SIZE <= block.byteLength; ) {
    const id = block.getUint32(at + 4, true);
    const offset = block.getBigUint64(at + 8, true);
    const length = block.getUint32(at + 16, true);
    // The rest of a block that the next entry did not fit.
    if (id === 0 && length === 0) return true;
    const isPlaced = offset === BigInt(start + at);
    if (!isPlaced || length < ENTRY_HEADER_SIZE || length > block.byteLength - at) {
      const message = `the entry says it has ${length} bytes at 0x${offset.toString(16)}`;
      fault("NTFS_SECURITY_STREAM", message, start + at);
      return false;
    }
    ids.add(id);
    const stored = block.getUint32(at, true);
    const descriptorAt = block.byteOffset + at + ENTRY_HEADER_SIZE;
    const computed = hashDescriptor(new DataView(block.buffer, descriptorAt, length - ENTRY_HEADER_SIZE));
    if (stored !== computed) {
      const message = `the hash of descriptor 0x${id.toString(16)} is 0x${computed.toString(16)}, not 0x${stored.toString(16)}`;
      fault("NTFS_SECURITY_STREAM", message, start + at);
    } else if (!isCopied(block, mirror, at, length)) {
      const message = `the second copy of descriptor 0x${id.toString(16)} differs`;
      fault("NTFS_SECURITY_MIRROR", message, start + BLOCK_SIZE_BYTES + at);
    }
    at += Math.ceil(length / 16) * 16;
  }
  return true;
}

function isCopied(block: DataView, mirror: Uint8Array, at: number, length: number): boolean {
  for (let index = at; index < at + length; index++) {
    if (mirror[index] !== block.getUint8(index)) return false;
  }
  return true;
}
