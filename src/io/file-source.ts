// SPDX-License-Identifier: MIT
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { VmguestError } from "../errors.ts";
import { checkRange, type Origin } from "./byte-source.ts";
import type { ImageFile } from "./image-file.ts";
import { type Backing, PageCache, type PageCacheOptions } from "./page-cache.ts";
import type { ReadBudget } from "./read-budget.ts";
import type { ReadStats } from "./read-stats.ts";

/** A read of cached pages looks at the clock once in so many: often enough where each is followed by unpacking 64 KiB. */
const READS_PER_TIME_CHECK = 4096;

/** What reading a file may cost, who counts it, and how much of it is kept. */
export interface FileSourceOptions extends PageCacheOptions {
  /** Counts the reads that reach the file; one object may serve many files. */
  readonly stats?: ReadStats;
  /** What reading may cost; one object may serve many files. Without it there is no limit. */
  readonly budget?: ReadBudget;
}

/** A file of the host, opened for reading only, behind a page cache. Close it after use (or `using`). */
export class FileSource implements ImageFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** The same for two paths exactly where they lead to the same file, as long as it is open. */
  readonly identity: string;
  /** When it was last written to, milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly #cache: PageCache;
  readonly #file: FileBacking;
  readonly #budget: ReadBudget | undefined;
  #readsUntilTimeCheck = READS_PER_TIME_CHECK;

  private constructor(path: string, file: FileBacking, options: FileSourceOptions) {
    this.path = path;
    this.sizeBytes = file.sizeBytes;
    this.identity = file.identity;
    this.modifiedMs = Number(file.modifiedNs / 1_000_000n);
    this.#file = file;
    this.#cache = new PageCache(file, options);
    this.#budget = options.budget;
  }

  /** Throws IO_OPEN where the path is no regular file or block device that may be read. */
  static open(path: string, options: FileSourceOptions = {}): FileSource {
    return new FileSource(path, FileBacking.open(path, options), options);
  }

  read(offset: number, length: number): DataView {
    if (--this.#readsUntilTimeCheck === 0) {
      this.#readsUntilTimeCheck = READS_PER_TIME_CHECK;
      this.#budget?.check();
    }
    return this.#cache.read(offset, length);
  }

  originOf(offset: number, length: number): Origin {
    checkRange("the file", this.sizeBytes, offset, length);
    return { file: this.path, offset };
  }

  /** Throws IO_CHANGED where size or modification time are no longer what they were when the file was opened. */
  checkUnchanged(): void {
    this.#file.checkUnchanged();
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What tells the files of the host apart: device and number of the file on it. */
export function fileIdentity({ dev, ino }: Pick<BigIntStats, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

class FileBacking implements Backing {
  readonly sizeBytes: number;
  readonly identity: string;
  readonly modifiedNs: bigint;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #stats: ReadStats | undefined;
  readonly #budget: ReadBudget | undefined;
  #isOpen = true;

  private constructor(path: string, descriptor: number, { stats, budget }: FileSourceOptions) {
    const status = fstatSync(descriptor, { bigint: true });
    if (!status.isFile()) throw new VmguestError("IO_OPEN", "not a regular file", { image: path });
    this.#path = path;
    this.#descriptor = descriptor;
    this.#stats = stats;
    this.#budget = budget;
    this.sizeBytes = Number(status.size);
    this.identity = fileIdentity(status);
    this.modifiedNs = status.mtimeNs;
  }

  static open(path: string, options: FileSourceOptions): FileBacking {
    let descriptor: number;
    try {
      // O_NONBLOCK: a named pipe in an image folder must not stop the audit before fstat can refuse it.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw new VmguestError("IO_OPEN", describeSystemError(error), { image: path }, { cause: error });
    }
    try {
      return new FileBacking(path, descriptor, options);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  readInto(target: Uint8Array, offset: number): void {
    this.#budget?.spend(target.byteLength);
    let done = 0;
    while (done < target.byteLength) {
      const count = this.#readOnce(target, done, offset + done);
      if (count === 0) {
        throw new VmguestError("IO_CHANGED", "the file became shorter while it was being read", {
          image: this.#path,
          offset: offset + done,
        });
      }
      done += count;
    }
  }

  #readOnce(target: Uint8Array, start: number, position: number): number {
    try {
      const count = readSync(this.#descriptor, target, start, target.byteLength - start, position);
      this.#stats?.record(position, count);
      return count;
    } catch (error) {
      const where = { image: this.#path, offset: position };
      throw new VmguestError("IO_READ", describeSystemError(error), where, { cause: error });
    }
  }

  checkUnchanged(): void {
    const status = fstatSync(this.#descriptor, { bigint: true });
    if (Number(status.size) === this.sizeBytes && status.mtimeNs === this.modifiedNs) return;
    throw new VmguestError("IO_CHANGED", "size or modification time changed during the audit", {
      image: this.#path,
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "it is a folder",
  ELOOP: "a symbolic link leads back to itself",
  EMFILE: "too many open files",
  EIO: "input/output error of the storage",
};

/** Why the host's system did not do what it was asked for. */
export function describeSystemError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  return REASONS[code] ?? code;
}
