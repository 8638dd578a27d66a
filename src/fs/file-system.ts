// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";

/** The file systems that can be read. */
export type FileSystemKind = "ntfs";

/** FILETIMEs, 100 ns since 1601-01-01 UTC. */
export interface FileTimes {
  readonly created: bigint;
  readonly modified: bigint;
  /** When the file's record was last changed. */
  readonly changed: bigint;
  readonly accessed: bigint;
}

/** What a directory says of one of its entries, without opening it. */
export interface DirectoryEntry {
  /** The name as stored; may hold unpaired surrogates. */
  readonly name: string;
  /** The 8.3 name that Windows keeps beside it, where there is one. */
  readonly shortName: string | undefined;
  readonly isDirectory: boolean;
  /** Opens the file or directory the entry refers to. */
  open(): FileNode;
}

/** A named data stream of a file. */
export interface StreamInfo {
  readonly name: string;
  readonly sizeBytes: number;
}

/** An opened file or directory. */
export interface FileNode {
  /** Path from the root with `/`, spelled as on disk; "" for the root. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** Size of the unnamed data stream; 0 for a directory. */
  readonly sizeBytes: number;
  readonly times: FileTimes;
  /** FILE_ATTRIBUTE_* bits. */
  readonly attributes: number;
  /** Named data streams. */
  readonly streams: readonly StreamInfo[];
  /**
   * The bytes of the unnamed stream, or of a named one; files that CompactOS compressed read as they were. Throws
   * NTFS_IS_A_DIRECTORY, NOT_FOUND for an unknown stream, and NTFS_ENCRYPTED, NTFS_REPARSE, NTFS_COMPRESSION or
   * WOF_UNSUPPORTED where the bytes on disk are not the file's content.
   */
  open(streamName?: string): ByteSource;
  /** Entries in the directory's own order, DOS names folded into their long ones. Throws NTFS_NOT_A_DIRECTORY. */
  list(): Iterable<DirectoryEntry>;
}

/** The one read interface over file systems. Paths are relative to the volume's root; `/` and `\` both separate. */
export interface FileSystem {
  readonly kind: FileSystemKind;
  readonly label: string | undefined;
  readonly root: FileNode;
  /**
   * The file or directory at `path`, matched as Windows matches names, or undefined. Links are followed inside the
   * volume; throws NTFS_LINK, NTFS_LINK_LOOP, NTFS_LINK_OUTSIDE or NTFS_REPARSE where the path leads through another.
   */
  find(path: string): FileNode | undefined;
  /** The same, but throws NOT_FOUND. */
  require(path: string): FileNode;
  /** Damage that reading could go around so far. */
  readonly findings: readonly Finding[];
}
