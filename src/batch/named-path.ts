// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { VmguestError } from "../errors.ts";
import { isRemote } from "./remote-path.ts";

/** A file of the host, or the way to one that is packed in it. */
export interface PackagePath {
  readonly file: string;
  /** Path inside the file, with `/`; null where the file itself is meant. */
  readonly inside: string | null;
}

/** What a path names; undefined where there is nothing. */
export type PathKind = "folder" | "file";

/** Whatever exists and is no folder counts as a file: where it cannot be read, opening it says why. */
export function kindOf(path: string): PathKind | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error));
    return isAbsent ? undefined : "file";
  }
}

/**
 * The file that a path goes on into, and the way inside with `/`; undefined where the path itself names something, or
 * leads through no file.
 */
export function splitAtFile(path: string): PackagePath | undefined {
  let file = path;
  while (kindOf(file) === undefined) {
    const parent = dirname(file);
    if (parent === file) return undefined;
    file = parent;
  }
  const isNested = file !== path && kindOf(file) === "file";
  return isNested ? { file, inside: relative(file, path).replaceAll(sep, "/") } : undefined;
}

/** The error for a path that names nothing. */
export function notFound(path: string): VmguestError {
  const reason = isMangled(path) ? MANGLED : "no file or folder is named so";
  return new VmguestError("PATH_NOT_FOUND", reason, { image: path });
}

/** Why a path that {@link isMangled} leads nowhere. */
export const MANGLED = "the name holds bytes that are not UTF-8, so that it cannot be opened: rename it";

/** Node puts U+FFFD where a name is not UTF-8; the name that comes out of it belongs to no file. A URL is no such name. */
export function isMangled(path: string): boolean {
  return path.includes("\ufffd") && !isRemote(path) && kindOf(path) === undefined;
}

/** Throws where the path cannot be a single image: PATH_NOT_FOUND for nothing at all, USAGE for a folder. */
export function requireFile(path: string, noun = "image"): void {
  const kind = kindOf(path);
  if (kind === undefined) throw notFound(path);
  if (kind === "folder") {
    throw new VmguestError("USAGE", `one ${noun} is wanted, and this is a folder`, { image: path });
  }
}

/** The same for a package, to which a path may lead through another one. */
export function requirePackage(path: string): PackagePath {
  const within = splitAtFile(path);
  if (within !== undefined) return within;
  requireFile(path, "package");
  return { file: path, inside: null };
}

/** `ENOENT` and the like. */
export function systemCodeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
