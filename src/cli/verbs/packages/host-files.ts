// SPDX-License-Identifier: MIT
import { type Dirent, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { VmguestError } from "../../../errors.ts";
import { FileSource, type ReadStats } from "../../../io/index.ts";
import type { FindPart } from "./opened-package.ts";

/** Larger than for disk images: a package is mostly read from its beginning to its end. */
const PAGE_SIZE_BYTES = 64 * 1024;

/** The files of the host that a command has open, to be closed together. */
export class HostFiles implements Disposable {
  readonly #stats: ReadStats;
  readonly #open: FileSource[] = [];

  constructor(stats: ReadStats) {
    this.#stats = stats;
  }

  get paths(): string[] {
    return this.#open.map(({ path }) => path);
  }

  /** Throws IO_OPEN where the path is no file that may be read. */
  open(path: string): FileSource {
    const file = FileSource.open(path, { stats: this.#stats, pageSizeBytes: PAGE_SIZE_BYTES });
    this.#open.push(file);
    return file;
  }

  /**
   * Finds the other cabinets of a set in the folder of one of them, whatever the case of their names. The names come out
   * of the cabinet: what is a path, or leads away through a link, is not followed.
   */
  partsBeside(path: string): FindPart {
    const folder = dirname(path);
    return (name) => {
      const wanted = name.toLowerCase();
      const files = listFolder(folder)
        .filter((entry) => entry.isFile() && entry.name.toLowerCase() === wanted)
        .map((entry) => entry.name);
      const found = files.find((file) => file === name) ?? files[0];
      return found === undefined ? undefined : this.open(join(folder, found));
    };
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.splice(0)) file.close();
  }
}

function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const message = "the folder could not be searched for the other cabinets of the set";
    throw new VmguestError("IO_OPEN", message, { image: folder }, { cause: error });
  }
}
