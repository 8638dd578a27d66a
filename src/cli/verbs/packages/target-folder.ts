// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  existsSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { VmguestError } from "../../../errors.ts";

/** A file that is written, with the bytes as they come. */
export interface TargetFile {
  /** With `/`, and fit for the host: what checkMemberName finds nothing wrong with. */
  readonly path: string;
  readonly chunks: Iterable<Uint8Array>;
  readonly modified: string | null;
}

export interface TargetFolderOptions {
  /** Files that exist are replaced, each at the moment when the new one is whole. */
  readonly isReplacing: boolean;
  /** Files of the host that are read, which are never replaced. */
  readonly inputs: readonly string[];
}

/**
 * A folder of the host that takes what is in a package, and outside of which nothing is written: below it, no symbolic
 * link is followed, whoever put it there.
 *
 * That holds for a folder in which nobody else writes meanwhile: Node has no way to open a file relative to an open folder.
 */
export class TargetFolder {
  readonly #path: string;
  readonly #options: TargetFolderOptions;
  /** Folders below, with `/`, that are known to be plain ones. */
  readonly #plain = new Set<string>();

  private constructor(path: string, options: TargetFolderOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** The folder where it exists, through a link or not: the user named it. It is made by the first file otherwise. */
  static at(path: string, options: TargetFolderOptions): TargetFolder {
    const status = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }));
    const real = status === undefined ? path : attempt(path, () => realpathSync(path));
    if (status !== undefined && !lstatSync(real).isDirectory()) {
      throw new VmguestError("USAGE", "a folder is wanted, and this is a file", { image: path });
    }
    return new TargetFolder(real, options);
  }

  /**
   * Throws where a file or folder could not be written, without writing anything: EXTRACT_LINK where something else than
   * a folder or file is in its way, USAGE for a file that exists and is not to be replaced.
   */
  check({ path, isDirectory }: { readonly path: string; readonly isDirectory: boolean }): void {
    const names = path.split("/");
    for (const [index] of names.entries()) {
      const step = names.slice(0, index + 1).join("/");
      const isLast = index === names.length - 1;
      const status = this.#statusOf(step);
      if (status === undefined) return;
      if (!isLast || isDirectory) requireFolder(this.#place(step), status);
      else this.#requireReplaceable(step, status);
    }
  }

  /** Makes a folder with those that lead to it. */
  makeFolder(path: string): void {
    if (this.#plain.size === 0) makeNamedFolder(this.#path);
    this.#plain.add("");
    if (this.#plain.has(path)) return;
    this.makeFolder(path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
    const place = this.#place(path);
    const status = this.#statusOf(path);
    if (status === undefined) attempt(place, () => mkdirSync(place));
    else requireFolder(place, status);
    this.#plain.add(path);
  }

  /** Writes a file; where it cannot be written to its end, nothing of it stays. Gives its size in bytes. */
  writeFile({ path, chunks, modified }: TargetFile): number {
    const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    this.makeFolder(folder);
    const place = this.#place(path);
    const status = this.#statusOf(path);
    if (status === undefined) return writeNew(place, chunks, modified);
    this.#requireReplaceable(path, status);
    // Beside it, since only then renaming puts it in place at once.
    const beside = join(this.#place(folder), `.vmguest-${process.pid}-${this.#plain.size}`);
    const sizeBytes = writeNew(beside, chunks, modified);
    try {
      attempt(place, () => renameSync(beside, place));
    } catch (error) {
      unlinkSync(beside);
      throw error;
    }
    return sizeBytes;
  }

  #place(path: string): string {
    return join(this.#path, ...path.split("/"));
  }

  #statusOf(path: string): Stats | undefined {
    const place = this.#place(path);
    return attempt(place, () => lstatSync(place, { throwIfNoEntry: false }));
  }

  #requireReplaceable(path: string, status: Stats): void {
    const place = this.#place(path);
    if (!status.isFile())
      throw new VmguestError("EXTRACT_LINK", describeObstacle(status, "file"), { image: place });
    if (!this.#options.isReplacing) {
      throw new VmguestError("USAGE", "the file exists already; --force overwrites it", { image: place });
    }
    if (this.#options.inputs.some((input) => isSameFile(input, status))) {
      throw new VmguestError("USAGE", "the file to be written is the one that is read", { image: place });
    }
  }
}

/** Makes a folder of the host with those that lead to it. */
function makeNamedFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeNamedFolder(parent);
  // One by one, since Node's own way never ends where the host refuses with ENOENT, as /proc does.
  attempt(path, () => mkdirSync(path));
}

function isSameFile(path: string, status: Stats): boolean {
  const other = statSync(path, { throwIfNoEntry: false });
  return other !== undefined && other.dev === status.dev && other.ino === status.ino;
}

function requireFolder(place: string, status: Stats): void {
  if (status.isDirectory()) return;
  throw new VmguestError("EXTRACT_LINK", describeObstacle(status, "folder"), { image: place });
}

function describeObstacle(status: Stats, wanted: "file" | "folder"): string {
  const kind = status.isSymbolicLink()
    ? "a symbolic link"
    : status.isDirectory()
      ? "a folder"
      : status.isFile()
        ? "a file"
        : "no file";
  return `a ${wanted} was to be written where ${kind} stands`;
}

/** O_EXCL follows no link at the end of the path, and takes nothing over that somebody else has put there. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

function writeNew(place: string, chunks: Iterable<Uint8Array>, modified: string | null): number {
  const descriptor = attempt(place, () => openSync(place, NEW_FILE, 0o666));
  let sizeBytes = 0;
  try {
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.byteLength; ) {
        done += attempt(place, () => writeSync(descriptor, chunk, done));
      }
      sizeBytes += chunk.byteLength;
    }
    setTime(descriptor, modified);
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(place);
    throw error;
  }
  closeSync(descriptor);
  return sizeBytes;
}

/** A time without zone is taken for local time, as it was when the package was made. */
function setTime(descriptor: number, modified: string | null): void {
  const time = modified === null ? Number.NaN : Date.parse(modified);
  if (Number.isNaN(time)) return;
  futimesSync(descriptor, time / 1000, time / 1000);
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = `the file could not be written (${code})`;
    throw new VmguestError("IO_WRITE", message, { image: path }, { cause: error });
  }
}
