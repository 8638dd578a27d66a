// SPDX-License-Identifier: MIT
import type { ByteSource, Origin } from "./byte-source.ts";
import type { PageCacheOptions } from "./page-cache.ts";

/** A file that images are read from, wherever it lies. Close it after use (or `using`). */
export interface ImageFile extends ByteSource, Disposable {
  /** As the user named it; for one on a web server its URL, without what in it is a secret. */
  readonly path: string;
  /** The same for two paths exactly where they lead to the same file, as long as it is open. */
  readonly identity: string;
  /** When it was last written to, milliseconds since 1970; for one on a web server when it was put there, or NaN. */
  readonly modifiedMs: number;
  originOf(offset: number, length: number): Origin | undefined;
  /** Throws IO_CHANGED, or REMOTE_CHANGED, where the file is no longer what it was when it was opened. */
  checkUnchanged(): void;
  /**
   * Opens a file in the folder of this one or below, by the parts of its path; undefined where there is none. Only a file
   * that does not lie on this host has it: around the others, its own folders are looked through.
   */
  openBeside?(parts: readonly string[], options: PageCacheOptions): ImageFile | undefined;
  close(): void;
}
