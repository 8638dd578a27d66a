// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { VmguestError } from "../errors.ts";
import { FileSearch, type Found, type ListFolder, type UnreadablePath } from "./file-search.ts";
import { loadNameFilter, type NamePatterns } from "./name-filter.ts";
import { type PackagePath, splitAtFile } from "./named-path.ts";
import { isRemote } from "./remote-path.ts";

export type { ListFolder, UnreadablePath } from "./file-search.ts";

/** What the paths of a command line stand for. */
export interface Discovery {
  /** The image files and URLs, each once, in the order of the arguments and by name inside a folder. */
  readonly images: readonly string[];
  /** What keeps images from being among {@link images}. */
  readonly unreadable: readonly UnreadablePath[];
}

/** The same where packages are meant. */
export interface PackageDiscovery {
  readonly packages: readonly PackagePath[];
  readonly unreadable: readonly UnreadablePath[];
}

/** How folders are searched. */
export interface DiscoverOptions {
  /** In the place of the host's own folders. */
  readonly listFolder?: ListFolder;
}

/** Which of the images are meant, however they were named: a shell may have found them, or a program. */
export interface DiscoverImagesOptions extends DiscoverOptions, NamePatterns {
  /** Paths and URLs out of lists (`readImageList`), which come after the others. */
  readonly listed?: readonly string[];
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

/**
 * Finds the images that `paths` name: files and URLs as they are, folders with everything below them, and patterns such
 * as `fleet/*.vhdx` that no shell has expanded. Paths of a list are no patterns.
 *
 * A symbolic link is followed where it is named itself, but never inside a folder, so that there can be no loop. Throws
 * PATH_NOT_FOUND for a path that names no image at all, and where nothing is named or all is left out; a path of a list
 * that names none is among what is unreadable, since files come and go while others make lists. Throws USAGE for
 * patterns of names that are none.
 */
export async function discoverImages(
  paths: readonly string[],
  options: DiscoverImagesOptions = {},
): Promise<Discovery> {
  const { listFolder, listed = [] } = options;
  const filter = await loadNameFilter(options);
  const search = new FileSearch({ isWanted: isImageName, noun: "disk image", listFolder, filter });
  const found = new FoundPaths<string>();
  for (const path of paths) {
    found.add(isRemote(path) ? search.findFile(path) : await search.findAt(path), (file) => file);
  }
  for (const path of listed) {
    found.add(isRemote(path) ? search.findFile(path) : search.findListed(path), (file) => file);
  }
  if (found.isEmpty) throw nothingMeant(search);
  return { images: found.files, unreadable: found.unreadable };
}

function nothingMeant({ hasLeftOut }: FileSearch): VmguestError {
  const message = hasLeftOut
    ? "include and exclude leave nothing of what was found"
    : "no path is named, and no list names one";
  return new VmguestError("PATH_NOT_FOUND", message);
}

/**
 * Finds the packages that `paths` name, as {@link discoverImages} finds images. A path may go on into a file
 * (`vmguest.iso/support/amd64/setup.exe`): no path of the host does that, so nothing else can be meant.
 */
export async function discoverPackages(
  paths: readonly string[],
  { listFolder }: DiscoverOptions = {},
): Promise<PackageDiscovery> {
  const isWanted = (name: string) => PACKAGE_NAME.test(name);
  const search = new FileSearch({ isWanted, noun: "package", listFolder });
  const found = new FoundPaths<PackagePath>();
  for (const path of paths) {
    const within = splitAtFile(path);
    if (within === undefined) found.add(await search.findAt(path), (file) => ({ file, inside: null }));
    else found.add([path], () => within);
  }
  return { packages: found.files, unreadable: found.unreadable };
}

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

  get isEmpty(): boolean {
    return this.#files.size === 0 && this.#unreadable.size === 0;
  }

  add(found: Iterable<Found>, describe: (file: string) => T): void {
    for (const one of found) {
      if (typeof one === "string") keepFirst(this.#files, keyOf(one), describe(one));
      else keepFirst(this.#unreadable, keyOf(one.path), one);
    }
  }
}

const keyOf = (path: string) => (isRemote(path) ? path : resolve(path));

function keepFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}
