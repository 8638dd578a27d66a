// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { ReparsePoint } from "./layout.ts";

/** Reparse tags that a guest's files may carry (MS-FSCC 2.1.2.1), by the names of their constants. */
const TAGS: ReadonlyMap<number, string> = new Map([
  [0xa0000003, "mount point"],
  [0xa000000c, "symbolic link"],
  [0xa0000010, "WIM image"],
  [0xa0000019, "global reparse point"],
  [0xa000001d, "WSL symbolic link"],
  [0xa0000027, "container isolation link"],
  [0x80000007, "single instance storage"],
  [0x80000008, "WIM mount"],
  [0x80000009, "cluster shared volume"],
  [0x8000000a, "distributed file system"],
  [0x80000013, "data deduplication"],
  [0x80000014, "NFS"],
  [0x80000017, "WOF (CompactOS)"],
  [0x80000018, "container isolation"],
  [0x8000001b, "application execution link"],
  [0x8000001e, "storage sync"],
  [0x80000020, "unhandled by container isolation"],
  [0x80000021, "OneDrive"],
  [0x80000023, "WSL socket"],
  [0x80000024, "WSL FIFO"],
  [0x80000025, "WSL character device"],
  [0x80000026, "WSL block device"],
  [0x9000001c, "projected file system"],
  [0x90001018, "container isolation"],
  [0xc0000004, "hierarchical storage management"],
]);

/** Cloud files carry one of 16 tags 0x9000n01A. */
const CLOUD_MASK = 0xffff0fff;
const CLOUD_TAG = 0x9000001a;

/** Set in the tags of what stands for another file or directory, wherever that is. */
const NAME_SURROGATE = 0x2000_0000;

/** The header and 16 KiB of data, which is all that Windows takes. */
const VALUE_SIZE_MAX = ReparsePoint.sizeBytes + 16 * 1024;

/** The tag of a $REPARSE_POINT value; throws OUT_OF_BOUNDS where the value is too short for one. */
export function readReparseTag(value: ByteSource): number {
  return new ReparsePoint(value.read(0, ReparsePoint.sizeBytes)).tag;
}

/**
 * A $REPARSE_POINT value with its header, as far as the header says that it reaches. Throws NTFS_ATTRIBUTE where the
 * header says more than there is, and OUT_OF_BOUNDS where the value is too short for one.
 */
export function readReparsePoint(value: ByteSource, path: string): DataView {
  const { dataLength } = new ReparsePoint(value.read(0, ReparsePoint.sizeBytes));
  const sizeBytes = ReparsePoint.sizeBytes + dataLength;
  if (sizeBytes <= value.sizeBytes && sizeBytes <= VALUE_SIZE_MAX) return value.read(0, sizeBytes);
  const message = `the reparse point has ${value.sizeBytes} bytes, and claims ${sizeBytes}`;
  throw new VmguestError("NTFS_ATTRIBUTE", message, { path, structure: "$REPARSE_POINT", offset: 0 });
}

/** Whether what carries the tag stands for something else, so that what is in it is not what a path leads to. */
export function isNameSurrogate(tag: number): boolean {
  return (tag & NAME_SURROGATE) !== 0;
}

/** `WOF (CompactOS), tag 0x80000017`, or the number alone. */
export function describeReparseTag(tag: number): string {
  const name = (tag & CLOUD_MASK) >>> 0 === CLOUD_TAG ? "cloud file" : TAGS.get(tag);
  const hex = `0x${tag.toString(16).padStart(8, "0")}`;
  return name === undefined ? `tag ${hex}` : `${name}, tag ${hex}`;
}
