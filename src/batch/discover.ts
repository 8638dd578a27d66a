// SPDX-License-Identifier: MIT
import { type Dirent, readdirSync, statSync } from "node:fs";
import { isAbsolute, join, normalize, resolve } from "node:path";
import { VmguestError } from "../errors.ts";

/** What the paths of a command line stand for. */
export interface Discovery {
  /** The image files, each once, in the order of the arguments and by name inside a folder. */
  readonly images: readonly string[];
  /** Folders that could not be listed, so that images in them are missing from {@link images}. */
  readonly unreadable: readonly UnreadableFolder[];
}

export interface UnreadableFolder {
  readonly folder: string;
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
  const listFolder = options.listFolder ?? listHostFolder;
  const images = new Map<string, string>();
  const unreadable = new Map<string, UnreadableFolder>();
  for (const path of paths) {
    for (const found of await findAt(path, listFolder)) {
      if (typeof found === "string") keepFirst(images, resolve(found), found);
      else keepFirst(unreadable, resolve(found.folder), found);
    }
  }
  return { images: [...images.values()], unreadable: [...unreadable.values()] };
}

/** An image, or a folder that may hold some. */
type Found = string | UnreadableFolder;

function keepFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

const listHostFolder: ListFolder = (folder) => readdirSync(folder, { withFileTypes: true });

async function findAt(path: string, listFolder: ListFolder): Promise<Found[]> {
  const kind = kindOf(path);
  if (kind === "other") return [path];
  const found = kind === "folder" ? [...findBelow(path, listFolder)] : await findMatches(path, listFolder);
  if (found.length > 0) return found;
  const reason = kind === "folder" ? "the folder holds no disk image" : "no file or folder is named so";
  throw new VmguestError("PATH_NOT_FOUND", reason, { image: path });
}

/** Whatever exists and is no folder counts as an image: where it cannot be read, the audit says why. */
function kindOf(path: string): "folder" | "other" | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "other";
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error));
    return isAbsent ? undefined : "other";
  }
}

/** Depth is bounded by the longest path that the host's system calls take. */
function* findBelow(folder: string, listFolder: ListFolder): Generator<Found> {
  let entries: Dirent[];
  try {
    entries = listFolder(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    yield unreadableFolder(folder, error);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* findBelow(path, listFolder);
    else if (entry.isFile() && isImageName(entry.name)) yield path;
  }
}

/** What a pattern matches, as a shell would have expanded it: files of any name, and folders to be searched. */
async function findMatches(pattern: string, listFolder: ListFolder): Promise<Found[]> {
  // Most command lines hold no pattern, so the library waits until there is one.
  const { globSync, isDynamicPattern } = await import("tinyglobby");
  const slashed = process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
  if (!isDynamicPattern(slashed)) return [];
  const unreadable: UnreadableFolder[] = [];
  const matches = globSync(slashed, {
    absolute: isAbsolute(pattern),
    onlyFiles: false,
    expandDirectories: false,
    followSymbolicLinks: false,
    fs: {
      readdirSync: observe(listFolder, (folder, error) =>
        unreadable.push(unreadableFolder(withoutTrailingSlash(folder), error)),
      ),
    },
  });
  const found = matches
    .sort()
    .map(withoutTrailingSlash)
    .flatMap((match) => (kindOf(match) === "folder" ? [...findBelow(match, listFolder)] : [match]));
  return [...found, ...unreadable];
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

function unreadableFolder(folder: string, error: unknown): UnreadableFolder {
  const message = `the folder could not be searched (${systemCodeOf(error)})`;
  return { folder, error: new VmguestError("IO_OPEN", message, { image: folder }, { cause: error }) };
}

function systemCodeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
