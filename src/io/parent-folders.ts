// SPDX-License-Identifier: MIT
import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { VmguestError } from "../errors.ts";
import { describeSystemError, FileSource, type FileSourceOptions, fileIdentity } from "./file-source.ts";
import type { ImageFile } from "./image-file.ts";
import { pathsBeside } from "./paths-beside.ts";
import { parseWindowsPath, type WindowsPath } from "./windows-path.ts";

/** Where parents may be opened, and what reading them may cost. */
export interface ParentFoldersOptions extends Pick<FileSourceOptions, "stats" | "budget"> {
  /** Folders with everything below them; the folder of the image, be it on a web server, where none are given. */
  readonly roots?: readonly string[] | undefined;
}

/** A file that may be the parent of a differencing disk, or why a file is not opened that may be. */
export type FoundParent = { readonly name: string; readonly isGuess: boolean } & (
  | { readonly source: ImageFile; readonly modifiedMs?: number }
  | { readonly refusal: VmguestError }
);

/** The page cache of the first parent has so much, that of the n-th an n-th of it: 256 of them have 100 MiB. */
const CAPACITY_BYTES = 16 * 1024 * 1024;

/** A parent may have been moved together with so many of the folders above it. */
const SUFFIX_LENGTH_MAX = 8;

/** A VHD has room for nine names; whoever has more places to look at than this was made to keep us looking. */
const PLACE_COUNT_MAX = 256;

/**
 * Finds and opens the parents of a differencing image by the names that the disks themselves have for them.
 *
 * An image may come from anywhere, and with it the names. So they only choose among the files inside the folders that
 * the user allowed, links followed: what lies elsewhere is not even looked at. Nothing but regular files is opened,
 * and none twice in a chain. Close it after use (or `using`): it holds the parents open.
 */
export class ParentFolders implements Disposable {
  readonly #image: ParentedImage;
  readonly #options: ParentFoldersOptions;
  readonly #files: ImageFile[] = [];
  #roots: readonly string[] | undefined;

  /** Looks at nothing yet: most images have no parent. */
  constructor(image: ParentedImage, options: ParentFoldersOptions = {}) {
    this.#image = image;
    this.#options = options;
  }

  /** The parents that are open, that of the image first. */
  get files(): readonly ImageFile[] {
    return this.#files;
  }

  /**
   * The files that may be the one that `child` calls `names`, opened one at a time. First come those that relative
   * names lead to; then, as guesses, those that are where an absolute name of another machine would be if its last
   * parts were inside an allowed folder. A file is closed as soon as the next one is asked for.
   */
  *find(names: readonly string[], child: string = this.#image.path): Generator<FoundParent> {
    const paths = names.flatMap((name) => parseWindowsPath(name) ?? []);
    const local = paths.filter(({ start }) => start !== "another");
    const [name] = names;
    if (local.length === 0 && name !== undefined) {
      const where = paths.length > 0 ? "on another computer" : "a device or no path at all";
      yield refuse(name, true, "DISK_PARENT_OUTSIDE", `the name of its parent, ${quote(name)}, is ${where}`);
    }
    const remote = [this.#image, ...this.#files].find(({ path, openBeside }) => path === child && openBeside);
    for (const found of remote === undefined
      ? this.#findOnHost(local, child)
      : this.#findFor(remote, local)) {
      yield found;
      if ("source" in found) this.#files.pop()?.close();
    }
  }

  *#findOnHost(paths: readonly WindowsPath[], child: string): Generator<FoundParent> {
    yield* this.#openEach(this.#placesOnHost(paths, dirname(realPath(child))));
  }

  /** The parent of a file on a web server lies in the folders that were named, or beside it on the server. */
  *#findFor(child: ParentedImage, paths: readonly WindowsPath[]): Generator<FoundParent> {
    if (this.#options.roots !== undefined) {
      yield* this.#openEach(this.#placesInRoots(paths));
      return;
    }
    for (const { parts, isGuess } of pathsBeside(paths)) {
      const found = this.#openBeside(child, parts, isGuess);
      if (found !== undefined) yield found;
    }
  }

  #openBeside(child: ParentedImage, parts: readonly string[], isGuess: boolean): FoundParent | undefined {
    const name = parts.join("/");
    const refused = (code: RefusalCode, message: string) => refuse(name, isGuess, code, message);
    if (parts.includes("..")) {
      const message = `its parent ${quote(name)} is outside the folder of the image, on its server`;
      return refused("DISK_PARENT_OUTSIDE", message);
    }
    try {
      const source = child.openBeside?.(parts, { capacityBytes: this.#capacityBytes() });
      if (source === undefined) return undefined;
      if (this.#isInChain(source.identity)) {
        source.close();
        return isGuess ? undefined : refused("DISK_PARENT_CYCLE", cycleMessage(name));
      }
      this.#files.push(source);
      return { name: source.path, isGuess, source };
    } catch (error) {
      if (error instanceof VmguestError) return { name, isGuess, refusal: error };
      throw error;
    }
  }

  *#openEach(places: Iterable<Place>): Generator<FoundParent> {
    const tried = new Set<string>();
    for (const place of places) {
      if (tried.has(place.path)) continue;
      tried.add(place.path);
      if (tried.size > PLACE_COUNT_MAX) return;
      const found = this.#open(place);
      if (found !== undefined) yield found;
    }
  }

  *#placesOnHost(paths: readonly WindowsPath[], folder: string): Generator<Place> {
    yield* this.#placesAround(paths, folder);
    yield* this.#placesInRoots(paths);
  }

  *#placesAround(paths: readonly WindowsPath[], folder: string): Generator<Place> {
    for (const { start, parts } of paths) {
      if (start === "relative") yield { path: resolve(folder, ...parts), isGuess: false };
    }
    if (!this.#isAllowed(folder)) return;
    for (const { parts } of paths) yield { path: resolve(folder, ...parts.slice(-1)), isGuess: true };
  }

  *#placesInRoots(paths: readonly WindowsPath[]): Generator<Place> {
    const suffixes = paths.map(({ parts }) => parts.slice(parts.lastIndexOf("..") + 1));
    for (let length = SUFFIX_LENGTH_MAX; length > 0; length--) {
      for (const parts of suffixes) {
        if (parts.length < length) continue;
        for (const root of this.#allowed()) {
          yield { path: resolve(root, ...parts.slice(-length)), isGuess: true };
        }
      }
    }
  }

  /** Undefined where there is nothing that could be the parent. */
  #open({ path, isGuess }: Place): FoundParent | undefined {
    const refused = (code: RefusalCode, message: string) => refuse(path, isGuess, code, message);
    if (!this.#isAllowed(path)) {
      return refused("DISK_PARENT_OUTSIDE", `its parent ${quote(path)} is outside ${this.#rootList()}`);
    }
    let real: string;
    let status: BigIntStats;
    try {
      real = realpathSync(path);
      // A link may lead anywhere, and what is there is nobody's business.
      if (!this.#isAllowed(real)) {
        return refused(
          "DISK_PARENT_OUTSIDE",
          `its parent ${quote(path)} is a link out of ${this.#rootList()}`,
        );
      }
      status = statSync(real, { bigint: true });
    } catch (error) {
      if (ABSENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      return refused("IO_OPEN", `its parent ${quote(path)}: ${describeSystemError(error)}`);
    }
    if (!status.isFile()) {
      return isGuess
        ? undefined
        : refused("DISK_PARENT_NO_FILE", `its parent ${quote(path)} is no regular file`);
    }
    const identity = fileIdentity(status);
    if (this.#isInChain(identity))
      return isGuess ? undefined : refused("DISK_PARENT_CYCLE", cycleMessage(path));
    return this.#openFile(this.#shownPath(real), isGuess, identity);
  }

  #openFile(name: string, isGuess: boolean, identity: string): FoundParent {
    try {
      const source = FileSource.open(name, { ...this.#options, capacityBytes: this.#capacityBytes() });
      if (source.identity !== identity) {
        source.close();
        return refuse(name, isGuess, "IO_CHANGED", `${quote(name)} was replaced while it was being opened`);
      }
      this.#files.push(source);
      return { name, isGuess, source, modifiedMs: source.modifiedMs };
    } catch (error) {
      if (error instanceof VmguestError) return { name, isGuess, refusal: error };
      throw error;
    }
  }

  #isInChain(identity: string): boolean {
    return [this.#image, ...this.#files].some((file) => file.identity === identity);
  }

  #capacityBytes(): number {
    return CAPACITY_BYTES / (this.#files.length + 1);
  }

  #allowed(): readonly string[] {
    this.#roots ??= this.#options.roots?.map(realPath) ?? [dirname(realPath(this.#image.path))];
    return this.#roots;
  }

  #isAllowed(path: string): boolean {
    return this.#allowed().some((root) => isInside(path, root));
  }

  #rootList(): string {
    return this.#allowed().map(quote).join(" and ");
  }

  /** The path as the user would write it who named the image as he did. */
  #shownPath(real: string): string {
    if (this.#image.openBeside !== undefined) return real;
    const folder = dirname(this.#image.path);
    const realFolder = realPath(folder);
    return isInside(real, realFolder) ? join(folder, relative(realFolder, real)) : real;
  }

  /** Throws IO_CHANGED, or REMOTE_CHANGED, where somebody wrote to one of the parents since it was opened. */
  checkUnchanged(): void {
    for (const file of this.#files) file.checkUnchanged();
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The file at the beginning of a chain. */
type ParentedImage = Pick<ImageFile, "path" | "identity" | "openBeside">;

interface Place {
  readonly path: string;
  readonly isGuess: boolean;
}

type RefusalCode =
  | "DISK_PARENT_OUTSIDE"
  | "DISK_PARENT_NO_FILE"
  | "DISK_PARENT_CYCLE"
  | "IO_OPEN"
  | "IO_CHANGED";

/** What the host says of a path at which there is nothing. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

function refuse(name: string, isGuess: boolean, code: RefusalCode, message: string): FoundParent {
  return { name, isGuess, refusal: new VmguestError(code, message) };
}

function cycleMessage(path: string): string {
  return `its parent ${quote(path)} is a file of the chain already`;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new VmguestError("IO_OPEN", describeSystemError(error), { image: path }, { cause: error });
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** A path for a sentence; a name out of an image must not speak to the terminal. */
function quote(path: string): string {
  return `"${path.replace(/\p{C}/gu, "\ufffd")}"`;
}
