// SPDX-License-Identifier: MIT
import type { PackagePath } from "../../../batch/index.ts";
import { located, VmguestError } from "../../../errors.ts";
import type { PackageEntry } from "../../../report/index.ts";
import type { HostFiles } from "./host-files.ts";
import { type FindPart, type OpenedPackage, openPackage, type PackageSource } from "./opened-package.ts";

/** A path as it was written, `vmguest.iso/support/x86/setup.exe`. */
export function writePath({ file, inside }: PackagePath): string {
  return inside === null ? file : `${file}/${inside}`;
}

/** A file that a path leads to. */
export interface ReachedSource extends PackageSource {
  /** Paths on the way from the host's file, each inside the package before it. */
  readonly way: readonly string[];
}

/**
 * The file that a path leads to, through as many packages as it takes.
 *
 * @throws NOT_FOUND where one of them holds no such file; what opening them throws.
 */
export async function openPath(place: PackagePath, files: HostFiles): Promise<ReachedSource> {
  const way: string[] = [];
  let here: PackageSource = {
    path: place.file,
    source: files.open(place.file),
    findPart: files.partsBeside(place.file),
  };
  let names = (place.inside ?? "").split("/").filter((name) => name !== "");
  while (names.length > 0) {
    const { opened, entry, rest } = await enter(here, names);
    here = {
      path: `${here.path}/${entry.path}`,
      source: opened.open(entry),
      findPart: partsBeside(opened, entry),
    };
    way.push(entry.path);
    names = rest;
  }
  return { ...here, way };
}

interface Step {
  readonly opened: OpenedPackage;
  readonly entry: PackageEntry;
  /** What is left of the path. */
  readonly rest: string[];
}

/** The file in a package that a path begins with; where several could be meant, the one with the longest path. */
async function enter(here: PackageSource, names: readonly string[]): Promise<Step> {
  try {
    const opened = await openPackage(here);
    for (let count = names.length; count > 0; count--) {
      const entry = findFile(opened, names.slice(0, count).join("/"));
      if (entry !== undefined) return { opened, entry, rest: names.slice(count) };
    }
    throw notFound(opened, names.join("/"));
  } catch (error) {
    throw located(error, { image: here.path });
  }
}

function notFound({ entries }: OpenedPackage, path: string): VmguestError {
  const folder = `${path.toLowerCase()}/`;
  const isFolder = entries.some((entry) => `${entry.path.toLowerCase()}/`.startsWith(folder));
  const message = isFolder ? "a file is wanted, and this is a folder" : "the package holds no such file";
  return new VmguestError("NOT_FOUND", message, { path });
}

function findFile({ entries }: OpenedPackage, path: string): PackageEntry | undefined {
  const files = entries.filter((entry) => !entry.isDirectory);
  const wanted = path.toLowerCase();
  return files.find((file) => file.path === path) ?? files.find((file) => file.path.toLowerCase() === wanted);
}

/** The other cabinets of a set lie in the same folder of the same package. */
export function partsBeside(opened: OpenedPackage, { path }: PackageEntry): FindPart {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return (name) => {
    const part = name.includes("/") ? undefined : findFile(opened, folder + name);
    return part === undefined ? undefined : opened.open(part);
  };
}
