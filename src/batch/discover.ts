// SPDX-License-Identifier: MIT
import { type Dirent, readdirSync } from "node:fs";
import { isAbsolute, join, normalize, resolve } from "node:path";
import { VmguestError } from "../errors.ts";
import {
  isMangled,
  kindOf,
  MANGLED,
  notFound,
  type PackagePath,
  splitAtFile,
  systemCodeOf,
} from "./named-path.ts";

/** What the paths of a command line stand for. */
export interface Discovery {
  /** The image files, each once, in the order of the arguments and by name inside a folder. */
  readonly images: readonly string[];
  /** What keeps images from being among {@link images}. */
  readonly unreadable: readonly UnreadablePath[];
}

/** The same where packages are meant. */
export interface PackageDiscovery {
  readonly packages: readonly PackagePath[];
  readonly unreadable: readonly UnreadablePath[];
}

/** A folder that could not be listed, or a name in one that no system call takes. */
export interface UnreadablePath {
  readonly path: string;
  readonly error: VmguestError;
}

/** Lists a folder; throws what `readdirSync` throws. */
export type ListFolder = (folder: string) => Dirent[];

export interface DiscoverOptions {
  /** In the place of the host's own folders. */
  readonly listFolder?: ListFolder;
}

/**
 * Names of files that are taken for disk images in a folder. A file that is named itself is taken whatever its name.
 * `.vhds` files (shared sets) hold no disk of their own, and a `.bin` may be anything.
 */
const IMAGE_NAME = /\.(vhdx|avhdx|vhd|avhd|img|raw)$/i;

/** Whether a file of that name is taken for a disk image when a folder is searched. */
export function isImageName(name: string): boolean {
  return IMAGE_NAME.test(name);
}

/** Names of files that are taken for packages in a folder. */
const PACKAGE_NAME = /\.(cab|msi|msu|iso)$/i;

/** A search through folders, for one sort of file. */
interface Search {
  readonly isWanted: (name: string) => boolean;
  /** What is searched, for the sentence that it is not there. */
  readonly noun: string;
  readonly listFolder: ListFolder;
}

/**
 * Finds the images that `paths` name: files as they are, folders with everything below them, and patterns such as
 * `fleet/*.vhdx` that no shell has expanded.
 *
 * A symbolic link is followed where it is named itself, but never inside a folder, so that there can be no loop. Throws
 * PATH_NOT_FOUND for a path that names no image at all.
 */
export async function discoverImages(
  paths: readonly string[],
  options: DiscoverOptions = {},
): Promise<Discovery> {
  const search = { isWanted: isImageName, noun: "disk image", listFolder: listFolderOf(options) };
  const found = new FoundPaths<string>();
  for (const path of paths) found.add(await findAt(path, search), (file) => file);
  return { images: found.files, unreadable: found.unreadable };
}

/**
 * Finds the packages that `paths` name, as {@link discoverImages} finds images. A path may go on into a file
 * (`vmguest.iso/support/amd64/setup.exe`): no path of the host does that, so nothing else can be meant.
 */
export async function discoverPackages(
  paths: readonly string[],
  options: DiscoverOptions = {},
): Promise<PackageDiscovery> {
  const isWanted = (name: string) => PACKAGE_NAME.test(name);
  const search = { isWanted, noun: "package", listFolder: listFolderOf(options) };
  const found = new FoundPaths<PackagePath>();
  for (const path of paths) {
    const within = splitAtFile(path);
    if (within === undefined) found.add(await findAt(path, search), (file) => ({ file, inside: null }));
    else found.add([path], () => within);
  }
  return { packages: found.files, unreadable: found.unreadable };
}

const listFolderOf = ({ listFolder }: DiscoverOptions): ListFolder => listFolder ?? listHostFolder;

/** What was found so far, each file and each folder once. */
class FoundPaths<T> {
  readonly #files = new Map<string, T>();
  readonly #unreadable = new Map<string, UnreadablePath>();

  get files(): T[] {
    return [...this.#files.values()];
  }

  get unreadable(): UnreadablePath[] {
    return [...this.#unreadable.values()];
  }

  add(found: readonly Found[], describe: (file: string) => T): void {
    for (const one of found) {
      if (typeof one === "string") keepFirst(this.#files, resolve(one), describe(one));
      else keepFirst(this.#unreadable, resolve(one.path), one);
    }
  }
}

/** A file, or what could not be looked at. */
type Found = string | UnreadablePath;

function keepFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

const listHostFolder: ListFolder = (folder) => readdirSync(folder, { withFileTypes: true });

async function findAt(path: string, search: Search): Promise<Found[]> {
  const kind = kindOf(path);
  if (kind === "file") return [path];
  const found = kind === "folder" ? [...findBelow(path, search)] : await findMatches(path, search);
  if (found.length > 0) return found;
  if (kind === undefined) throw notFound(path);
  throw new VmguestError("PATH_NOT_FOUND", `the folder holds no ${search.noun}`, { image: path });
}

/** Depth is bounded by the longest path that the host's system calls take. */
function* findBelow(folder: string, search: Search): Generator<Found> {
  let entries: Dirent[];
  try {
    entries = search.listFolder(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    yield unreadableFolder(folder, error);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() && !(entry.isFile() && search.isWanted(entry.name))) continue;
    if (isMangled(path)) yield mangledPath(path);
    else if (entry.isDirectory()) yield* findBelow(path, search);
    else yield path;
  }
}

/** What a pattern matches, as a shell would have expanded it: files of any name, and folders to be searched. */
async function findMatches(pattern: string, search: Search): Promise<Found[]> {
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
      readdirSync: observe(search.listFolder, (folder, error) =>
        unreadable.push(unreadableFolder(withoutTrailingSlash(folder), error)),
      ),
    },
  });
  const found = matches
    .sort()
    .map(withoutTrailingSlash)
    .flatMap((match) => [...findIn(match, search)]);
  return [...found, ...unreadable];
}

function* findIn(match: string, search: Search): Generator<Found> {
  if (isMangled(match)) yield mangledPath(match);
  else if (kindOf(match) === "folder") yield* findBelow(match, search);
  else yield match;
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
