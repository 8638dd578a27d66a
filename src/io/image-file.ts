// SPDX-License-Identifier: MIT
import type { ByteSource, Origin } from "./byte-source.ts";

/** A file that images are read from, wherever it lies. Close it after use (or `using`). */
export interface ImageFile extends ByteSource, Disposable {
  /** As the user named it. */
  readonly path: string;
  /** The same for two paths exactly where they lead to the same file, as long as it is open. */
  readonly identity: string;
  /** When it was last written to, milliseconds since 1970. */
  readonly modifiedMs: number;
  originOf(offset: number, length: number): Origin | undefined;
  /** Throws IO_CHANGED where the file is no longer what it was when it was opened. */
  checkUnchanged(): void;
  close(): void;
}
