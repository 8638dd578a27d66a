// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { VmguestError } from "../../../src/errors.ts";
import type { FileNode } from "../../../src/fs/index.ts";
import { type ByteSource, readBytes } from "../../../src/io/index.ts";

const HASH_STEP_BYTES = 2 ** 20;

/** SHA-256 of a whole source, in hex. */
export function sha256(source: ByteSource): string {
  const hash = createHash("sha256");
  for (let at = 0; at < source.sizeBytes; at += HASH_STEP_BYTES) {
    hash.update(readBytes(source, at, Math.min(HASH_STEP_BYTES, source.sizeBytes - at)));
  }
  return hash.digest("hex");
}

/** Everything below a directory, in depth-first order. */
export function* walk(directory: FileNode): Generator<FileNode, undefined> {
  for (const entry of directory.list()) {
    const node = entry.open();
    yield node;
    if (node.isDirectory) yield* walk(node);
  }
}

/** The unnamed stream, or undefined for a file of $Extend that has other attributes than data. */
export function dataOf(node: FileNode): ByteSource | undefined {
  try {
    return node.open();
  } catch (error) {
    if (error instanceof VmguestError && error.code === "NTFS_ATTRIBUTE_MISSING") return undefined;
    throw error;
  }
}

/** Metadata files that a volume keeps in its root. */
export const METADATA_FILE =
  /^\$(MFT|MFTMirr|LogFile|Volume|AttrDef|Bitmap|Boot|BadClus|Secure|UpCase|Extend)\b/;
