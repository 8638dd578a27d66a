// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { ReparsePoint } from "./layout.ts";

/** Reparse tags that a guest's files may carry (MS-FSCC 2.1.2.1), by the names of their constants. */
const TAGS: ReadonlyMap<number, string> = new Map([
  [0xa0000003, "mount point"],
  [0xa000000c, "symbolic link"],
  [0xa000001d, "WSL symbolic link"],
  [0x80000007, "single instance storage"],
  [0x80000008, "WIM mount"],
  [0x80000013, "data deduplication"],
  [0x80000014, "NFS"],
  [0x80000017, "WOF (CompactOS)"],
  [0x80000018, "container isolation"],
  [0x8000001b, "application execution link"],
  [0x8000001e, "storage sync"],
  [0x80000021, "OneDrive"],
  [0x80000023, "WSL socket"],
  [0x9000001c, "projected file system"],
  [0xc0000004, "hierarchical storage management"],
]);

/** Cloud files carry one of 16 tags 0x9000n01A. */
const CLOUD_MASK = 0xffff0fff;
const CLOUD_TAG = 0x9000001a;

/** The tag of a $REPARSE_POINT value; throws OUT_OF_BOUNDS where the value is too short for one. */
export function readReparseTag(value: ByteSource): number {
  return new ReparsePoint(value.read(0, ReparsePoint.sizeBytes)).tag;
}

/** `WOF (CompactOS) 0x80000017`, or the number alone. */
export function describeReparseTag(tag: number): string {
  const name = (tag & CLOUD_MASK) >>> 0 === CLOUD_TAG ? "cloud file" : TAGS.get(tag);
  const hex = `0x${tag.toString(16).padStart(8, "0")}`;
  return name === undefined ? `tag ${hex}` : `${name}, tag ${hex}`;
}
