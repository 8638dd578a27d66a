// SPDX-License-Identifier: MIT
import { type Dirent, readdirSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { VmguestError } from "../errors.ts";
import { type NameFilter, NO_FILTER } from "./name-filter.ts";
import { isMangled, kindOf, MANGLED, notFound, systemCodeOf } from "./named-path.ts";

/** A folder that could not be listed, a name in one that no system call takes, or what a list names and is not there. */
export interface UnreadablePath {
  readonly path: string;
  readonly error: VmguestError;
}

/** What a list names and is not there. A list may name a million, so that errors are made when they are told. */
class MissingPath implements UnreadablePath {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get error(): VmguestError {
    return notFound(this.path);
  }
}

/** Lists a folder; throws what `readdirSync` throws. */
export type ListFolder = (folder: string) => Dirent[];

/** A file, or what could not be looked at. */
export type Found = string | UnreadablePath;

export interface FileSearchOptions {
  /** Whether a file of that name is taken where it is found in a folder. */
  readonly isWanted: (name: string) => boolean;
  /** What is searched, for the sentence that it is not there. */
  readonly noun: string;
  /** In the place of the host's own folders. */
  readonly listFolder?: ListFolder | undefined;
  readonly filter?: NameFilter;
}

const listHostFolder: ListFolder = (folder) => readdirSync(folder, { withFileTypes: true });

/**
 * A search through folders, for one sort of file.
 *
 * A symbolic link is followed where it is named itself, but never inside a folder, so that there can be no loop.
 */
export class FileSearch {
  readonly #isWanted: FileSearchOptions["isWanted"];
  readonly #noun: string;
  readonly #listFolder: ListFolder;
  readonly #filter: NameFilter;
  #leftOutCount = 0;

  constructor({ isWanted, noun, listFolder, filter }: FileSearchOptions) {
    this.#isWanted = isWanted;
    this.#noun = noun;
    this.#listFolder = listFolder ?? listHostFolder;
    this.#filter = filter ?? NO_FILTER;
  }

  /** Whether the filter left something out. */
  get hasLeftOut(): boolean {
    return this.#leftOutCount > 0;
  }

  /**
   * What a path of a command line stands for: a file is itself, a folder everything below it, and where there is
   * neither, the path is a pattern that no shell has expanded. Throws PATH_NOT_FOUND where that is nothing at all, and
   * nothing that the filter left out.
   */
  async findAt(path: string): Promise<Found[]> {
    const leftOutBefore = this.#leftOutCount;
    const kind = kindOf(path);
    const found =
      kind === undefined ? await this.#findMatches(path) : [...this.#enter(path, kind === "folder")];
    if (found.length > 0 || this.#leftOutCount > leftOutBefore) return found;
    throw kind === undefined ? notFound(path) : this.#nothingIn(path);
  }

  /** The same for a path of a list, which is no pattern: nothing is thrown, but stands among what is found. */
  findListed(path: string): Found[] {
    const leftOutBefore = this.#leftOutCount;
    const kind = kindOf(path);
    const found = [...this.#enter(path, kind === "folder")];
    if (kind === undefined) return found.map(() => new MissingPath(path));
    if (found.length > 0 || this.#leftOutCount > leftOutBefore) return found;
    return [{ path, error: this.#nothingIn(path) }];
  }

  /** What is taken as it is, if the filter does not leave it out. */
  *findFile(path: string, isIncluded = false): Generator<Found> {
    const isMeant = !this.#filter.excludes(path, false) && (isIncluded || this.#filter.includes(path, false));
    if (!isMeant) this.#leftOutCount++;
    else if (isMangled(path)) yield mangledPath(path);
    else yield path;
  }

  /** Nothing is asked about a folder that was named itself. */
  #enter(path: string, isFolder: boolean): Generator<Found> {
    return isFolder ? this.#findBelow(path, false) : this.findFile(path);
  }

  #nothingIn(folder: string): VmguestError {
    return new VmguestError("PATH_NOT_FOUND", `the folder holds no ${this.#noun}`, { image: folder });
  }

  /** Depth is bounded by the longest path that the host's system calls take. */
  *#findBelow(folder: string, isIncluded: boolean): Generator<Found> {
    let entries: Dirent[];
    try {
      entries = this.#listFolder(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      yield unreadableFolder(folder, error);
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* this.#findInFolder(path, isIncluded);
      else if (entry.isFile() && this.#isWanted(entry.name)) yield* this.findFile(path, isIncluded);
    }
  }

  *#findInFolder(path: string, isIncluded: boolean): Generator<Found> {
    if (this.#filter.excludes(path, true)) this.#leftOutCount++;
    else if (isMangled(path)) yield mangledPath(path);
    else yield* this.#findBelow(path, isIncluded || this.#filter.includes(path, true));
  }

  /** What a pattern matches, as a shell would have expanded it: files of any name, and folders to be searched. */
  async #findMatches(pattern: string): Promise<Found[]> {
    // Most command lines hold no pattern, so the library waits until there is one.
    const { globSync, isDynamicPattern } = await import("tinyglobby");
    const slashed = process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
    if (!isDynamicPattern(slashed)) return [];
    const unreadable: UnreadablePath[] = [];
    const matches = globSync(slashed, {
      absolute: isAbsolute(pattern),
      onlyFiles: false,
      expandDirectories: false,
      followSymbolicLinks: false,
      fs: {
        readdirSync: observe(this.#listFolder, (folder, error) =>
          unreadable.push(unreadableFolder(withoutTrailingSlash(folder), error)),
        ),
      },
    });
    const start = normalize(literalStart(slashed, (part) => part.includes("{") || isDynamicPattern(part)));
    const found = matches
      .sort()
      .map(withoutTrailingSlash)
      .flatMap((match) => [...this.#findMatch(match, start)]);
    return [...found, ...unreadable.filter(({ path }) => !this.#isBelowExcluded(join(path, "*"), start))];
  }

  /** One match of a pattern, which was come by through the folders from `start` on. */
  *#findMatch(match: string, start: string): Generator<Found> {
    if (this.#isBelowExcluded(match, start)) {
      this.#leftOutCount++;
      return;
    }
    const isIncluded = foldersBetween(start, match).some((folder) => this.#filter.includes(folder, true));
    if (kindOf(match) === "folder") yield* this.#findInFolder(match, isIncluded);
    else yield* this.findFile(match, isIncluded);
  }

  #isBelowExcluded(path: string, start: string): boolean {
    return foldersBetween(start, path).some((folder) => this.#filter.excludes(folder, true));
  }
}

/** The folders of a pattern that come before its first special character. */
function literalStart(pattern: string, isDynamic: (part: string) => boolean): string {
  const parts = pattern.split("/");
  return (
    parts.slice(0, Math.max(0, parts.findIndex(isDynamic))).join("/") || (pattern.startsWith("/") ? "/" : ".")
  );
}

/** The folders on the way from `start` to what is at `path`, without these two; the outermost first. */
function foldersBetween(start: string, path: string): string[] {
  const folders: string[] = [];
  let folder = dirname(path);
  while (folder !== start && folder !== dirname(folder)) {
    folders.unshift(folder);
    folder = dirname(folder);
  }
  return folders;
}

/** The library marks folders by a slash at their end. */
function withoutTrailingSlash(path: string): string {
  return normalize(path).replace(/(?<=.)[/\\]$/, "");
}

/** The library goes on silently where a folder cannot be listed; this one tells. */
function observe(
  listFolder: ListFolder,
  onError: (folder: string, error: unknown) => void,
): typeof readdirSync {
  const list = (folder: string) => {
    try {
      return listFolder(folder);
    } catch (error) {
      onError(folder, error);
      throw error;
    }
  };
  return list as unknown as typeof readdirSync;
}

function mangledPath(path: string): UnreadablePath {
  return { path, error: new VmguestError("IO_OPEN", MANGLED, { image: path }) };
}

function unreadableFolder(folder: string, error: unknown): UnreadablePath {
  const message = `the folder could not be searched (${systemCodeOf(error)})`;
  return { path: folder, error: new VmguestError("IO_OPEN", message, { image: folder }, { cause: error }) };
}
