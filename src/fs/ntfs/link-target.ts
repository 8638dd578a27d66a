// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { LinkReparse, ReparsePoint, SYMBOLIC_LINK_FLAGS } from "./layout.ts";

const MOUNT_POINT_TAG = 0xa0000003;
const SYMBOLIC_LINK_TAG = 0xa000000c;
const FLAGS_SIZE_BYTES = 4;

/** Where a junction or a symbolic link leads, as it stands in its reparse point. */
export interface LinkTarget {
  /** A junction may also be a mount point: then its target is a volume. */
  readonly kind: "junction" | "symbolic-link";
  /** As Windows takes it: `\??\C:\Users`, or `..\Users` where it is relative. */
  readonly target: string;
  /** As it was written by whoever made the link; for people only. */
  readonly printName: string;
  /** From the folder that holds the link, or from the root of its volume where it begins with a backslash. */
  readonly isRelative: boolean;
}

/** Whether this is the tag of a link that has a {@link LinkTarget}. */
export function isLinkTag(tag: number | undefined): boolean {
  return tag === MOUNT_POINT_TAG || tag === SYMBOLIC_LINK_TAG;
}

/** Reads the target from a reparse point of a link; throws NTFS_LINK where the value does not hold it. */
export function readLinkTarget(value: DataView, path: string): LinkTarget {
  const { tag } = new ReparsePoint(value);
  const isSymbolic = tag === SYMBOLIC_LINK_TAG;
  const flagsAt = ReparsePoint.sizeBytes + LinkReparse.sizeBytes;
  const namesAt = flagsAt + (isSymbolic ? FLAGS_SIZE_BYTES : 0);
  const where = { path, structure: "$REPARSE_POINT" };
  if (namesAt > value.byteLength) {
    throw new VmguestError("NTFS_LINK", `${value.byteLength} bytes are too few for a link`, where);
  }
  const nameAt = (offset: number, length: number): string => {
    const at = namesAt + offset;
    if (length % 2 === 0 && at + length <= value.byteLength) return decodeUtf16(value, at, length);
    const message = `a name of ${length} bytes at 0x${at.toString(16)} does not fit ${value.byteLength} bytes`;
    throw new VmguestError("NTFS_LINK", message, { ...where, offset: at });
  };
  const { targetOffset, targetLength, printOffset, printLength } = new LinkReparse(
    value,
    ReparsePoint.sizeBytes,
  );
  const flags = isSymbolic ? value.getUint32(flagsAt, true) : 0;
  return {
    kind: isSymbolic ? "symbolic-link" : "junction",
    target: nameAt(targetOffset, targetLength),
    printName: nameAt(printOffset, printLength),
    isRelative: (flags & SYMBOLIC_LINK_FLAGS.isRelative) !== 0,
  };
}
