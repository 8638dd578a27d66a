// SPDX-License-Identifier: MIT

/** What the host says of a file. */
export interface FileStatus {
  /** A regular file: no link, folder, pipe or device. */
  readonly isFile: boolean;
  /** The same for two paths exactly where they lead to the same file; as `FileSource.identity`. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  /** Names that the file has. */
  readonly linkCount: number;
  /** Permission bits. */
  readonly mode: number;
  /** Number of the user it belongs to; see {@link Storage.tellsOwners}. */
  readonly owner: number;
}

/** A lock that a program of this host holds on a file. */
export interface ForeignLock {
  /** As the host calls it: POSIX, FLOCK, OFDLCK, LEASE, DELEG. */
  readonly kind: string;
  /** The process that holds it, or undefined where the host does not say. */
  readonly pid: number | undefined;
}

/** A process on some host, told apart from later ones of the same number. */
export interface HostProcess {
  readonly host: string;
  readonly pid: number;
  /** When it was started, in words that only comparing is for; empty where the host does not say. */
  readonly started: string;
}

/** A file that is open. Reads and writes may be short, as those of the system; all of it throws the system's errors. */
export interface OpenFile {
  status(): FileStatus;
  /** Bytes read into `target`; 0 at the end of the file. */
  read(target: Uint8Array, offset: number): number;
  /** Bytes written. */
  write(bytes: Uint8Array, offset: number): number;
  /** Cuts the file off, or makes it longer by a hole of zeros. */
  truncate(sizeBytes: number): void;
  /** Returns when everything written so far, and the length, would outlast a power cut. */
  flush(): void;
  close(): void;
  /** Locks that programs hold on the file, as far as this host knows. */
  locks(): readonly ForeignLock[];
}

/** `create` demands that nothing has that name, and gives a file that its owner alone may read and write. */
export type OpenMode = "read" | "write" | "create";

/**
 * The host, as far as changing an image needs it; `NodeStorage` is the real one. A test can take its place, cut the power
 * between any two calls and let any of them fail. What is thrown are errors with the `code` of the system (`ENOSPC`).
 */
export interface Storage {
  /** Whether `owner` and `mode` of a {@link FileStatus} say who may write a file. */
  readonly tellsOwners: boolean;
  /** The path without links, which therefore is one for all paths to a file. */
  realPath(path: string): string;
  /** What has that name, a link being a link; undefined for nothing. */
  statusOf(path: string): FileStatus | undefined;
  /** Opens a file; a link as the last part of the path is an error. */
  open(path: string, mode: OpenMode): OpenFile;
  remove(path: string): void;
  /**
   * Gives a file another name in its folder, which nothing may have (`EEXIST`). The old one stays, but is gone where a
   * file can have one name only.
   */
  giveName(path: string, name: string): void;
  /**
   * Makes a copy that shares its bytes with the file until one of the two is written to; nothing may have its name. False,
   * with nothing made, where the host cannot do that. Its owner alone may read and write it.
   */
  clone(path: string, copy: string): boolean;
  /** Returns when the names in a folder that were made and removed would outlast a power cut. */
  flushFolder(path: string): void;
  /** Bytes that this user may still write to the file system that holds the folder. */
  freeBytes(folder: string): number;
  /** The process that runs this. */
  self(): HostProcess;
  /** Whether a process still runs; undefined where this host cannot tell. */
  isRunning(process: HostProcess): boolean | undefined;
}
