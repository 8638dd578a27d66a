// SPDX-License-Identifier: MIT
import { basename, dirname, join } from "node:path";
import { VmguestError } from "../../errors.ts";
import type { Storage } from "./storage.ts";
import { translate } from "./stored-file.ts";

/** A file under a name of its own, until it is whole. */
export interface Draft {
  readonly path: string;
  /** Says that the file now exists, so that it has to be removed where it does not become whole. */
  readonly made: () => void;
}

/**
 * Makes a file that has its name only once it is whole and on the disk: until then it is `<path>.vmguest-new`. Nothing is
 * ever overwritten. Where `make` throws, or gives false to say that it was cancelled, nothing is left.
 *
 * Throws OUTPUT_EXISTS, UNDO_PRESENT where an undo file waits for an image of that name, and IO_OPEN, IO_WRITE, HOST_SPACE.
 */
export function makeFile(storage: Storage, path: string, make: (draft: Draft) => boolean): boolean {
  const folder = translate("IO_OPEN", dirname(path), () => storage.realPath(dirname(path)));
  const target = join(folder, basename(path));
  const draft = `${target}.vmguest-new`;
  for (const taken of [target, draft]) {
    if (exists(storage, taken)) throw outputExists(taken);
  }
  const undo = `${target}.vmguest-undo`;
  if (exists(storage, undo)) {
    const message = "an image of that name has left its undo file";
    throw new VmguestError("UNDO_PRESENT", message, { image: undo });
  }
  /** Names that are this call's own, to be removed where it fails. */
  const made: string[] = [];
  try {
    const isWhole = make({ path: draft, made: () => made.push(draft) });
    if (isWhole) {
      giveName(storage, draft, target);
      made.push(target);
    }
    if (exists(storage, draft)) translate("IO_WRITE", draft, () => storage.remove(draft));
    translate("IO_WRITE", folder, () => storage.flushFolder(folder));
    return isWhole;
  } catch (error) {
    for (const own of made.reverse()) removeQuietly(storage, own);
    throw error;
  }
}

/** What is thrown where the name of a new file is taken. */
export function outputExists(path: string): VmguestError {
  return new VmguestError("OUTPUT_EXISTS", "a file of that name exists", { image: path });
}

function giveName(storage: Storage, draft: string, target: string): void {
  translate("IO_WRITE", target, () => {
    try {
      storage.giveName(draft, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw outputExists(target);
      throw error;
    }
  });
}

function exists(storage: Storage, path: string): boolean {
  return translate("IO_OPEN", path, () => storage.statusOf(path)) !== undefined;
}

function removeQuietly(storage: Storage, path: string): void {
  try {
    if (storage.statusOf(path) !== undefined) storage.remove(path);
  } catch {
    // What the caller throws says more, and a file of that name is known by it to be of no use.
  }
}
