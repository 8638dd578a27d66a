// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";

/** The file systems of a disc, the one with the better names first. */
export type DiscKind = "udf" | "joliet" | "rock-ridge" | "iso9660";

/** What an entry is. Links and devices have no contents of their own. */
export type DiscEntryType = "file" | "directory" | "link" | "device";

/** A file or directory of one of the file systems. */
export interface DiscNode {
  readonly type: DiscEntryType;
  /** Bytes of the file, or of the directory's own data. */
  readonly sizeBytes: number;
  /** ISO 8601: in UTC with `Z`, or without it where the disc does not say which zone it means. */
  readonly modified: string | null;
  /** Offset in the image that tells one directory from another. */
  readonly place: number;
  /** The entries of a directory in stored order; throws at the first one that is damaged. */
  children(): Generator<DiscChild>;
  /** The bytes of a file, in place. */
  content(): ByteSource;
}

/** An entry of a directory: what it is called, and how to get at what it describes. */
export interface DiscChild {
  /** As stored; not yet fit for a path. */
  readonly name: string;
  /** Offset of the entry in the image. */
  readonly offset: number;
  node(): DiscNode;
}

/** One of the file systems of a disc. */
export interface DiscTree {
  readonly kind: DiscKind;
  readonly label: string;
  readonly root: DiscNode;
  /** Where the file system says that it ends in the image. */
  readonly endOffset: number;
}

/** Where readers leave what they could go around. */
export type Note = (finding: Finding) => void;
