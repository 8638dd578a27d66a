// SPDX-License-Identifier: MIT
import { lstatSync, opendirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { VmguestError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { describeSystemError, FileSource, type FileSourceOptions } from "./file-source.ts";

/** An entry of a folder that is no link. */
export interface HostEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What stands in a folder of the host. */
export interface HostListing {
  /** Files and folders, sorted by name. */
  readonly entries: readonly HostEntry[];
  /** False where there are more, or the folder cannot be read. */
  readonly isComplete: boolean;
}

/**
 * The host's files around an image, for who looks for what belongs to it. Paths are relative to the folder of the image,
 * with `/`; the folder itself is "", and one beside it begins with `../`. Links are no entries and lead nowhere.
 */
export interface HostFolder {
  /** Name of the image in its folder. */
  readonly imageName: string;
  /** What a folder holds; nothing where there is none. */
  list(path: string): HostListing;
  /** Opens a file for reading, to be closed by the caller. Throws IO_OPEN. */
  open(path: string): ByteSource & Disposable;
}

/** How much of a folder is looked at. */
export interface SiblingFilesOptions extends Pick<FileSourceOptions, "stats" | "budget"> {
  /** Entries of a folder that are listed; 10,000 where left out. */
  readonly entryCountMax?: number;
}

/** A folder of more files is no library of disks; each name takes memory. */
const ENTRY_COUNT_MAX = 10_000;

/** Headers and configurations are read, hardly more. */
const CAPACITY_BYTES = 1024 * 1024;

/** The folder in which an image really stands, whatever link led to it. */
export class SiblingFiles implements HostFolder {
  readonly imageName: string;
  readonly #folder: string;
  readonly #options: SiblingFilesOptions;

  private constructor(imagePath: string, options: SiblingFilesOptions) {
    this.imageName = basename(imagePath);
    this.#folder = dirname(imagePath);
    this.#options = options;
  }

  /** Throws IO_OPEN where there is no such image. */
  static around(image: string, options: SiblingFilesOptions = {}): SiblingFiles {
    try {
      return new SiblingFiles(realpathSync(image), options);
    } catch (error) {
      throw new VmguestError("IO_OPEN", describeSystemError(error), { image }, { cause: error });
    }
  }

  list(path: string): HostListing {
    const folder = join(this.#folder, path);
    const entries: HostEntry[] = [];
    const { entryCountMax = ENTRY_COUNT_MAX } = this.#options;
    try {
      if (!lstatSync(folder).isDirectory()) return { entries, isComplete: true };
      using directory = closing(opendirSync(folder));
      for (let entry = directory.read(); entry !== null; entry = directory.read()) {
        if (entries.length === entryCountMax) return { entries: sorted(entries), isComplete: false };
        if (entry.isFile() || entry.isDirectory())
          entries.push({ name: entry.name, isFolder: entry.isDirectory() });
      }
    } catch (error) {
      const isAbsent = ABSENT.has((error as NodeJS.ErrnoException).code ?? "");
      return { entries: sorted(entries), isComplete: isAbsent };
    }
    return { entries: sorted(entries), isComplete: true };
  }

  open(path: string): FileSource {
    const { stats, budget } = this.#options;
    return FileSource.open(join(this.#folder, path), {
      ...(stats && { stats }),
      ...(budget && { budget }),
      capacityBytes: CAPACITY_BYTES,
    });
  }
}

/** What the host says of a path at which there is nothing. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

const closing = (directory: ReturnType<typeof opendirSync>) => ({
  read: () => directory.readSync(),
  [Symbol.dispose]: () => directory.closeSync(),
});

const sorted = (entries: HostEntry[]): HostEntry[] =>
  entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
