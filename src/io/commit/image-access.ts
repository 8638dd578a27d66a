// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { Places } from "./places.ts";
import type { FileStatus, Storage } from "./storage.ts";
import { StoredFile, translate } from "./stored-file.ts";

/** Write permission of group and others. */
const OTHERS_WRITE = 0o022;

/** Opens the image to be changed. Throws IO_OPEN, and IMAGE_IN_USE where a program of this host holds a lock on it. */
export function openImage(storage: Storage, { image: path }: Places): StoredFile {
  const image = StoredFile.open(storage, path, "write");
  try {
    if (!image.status().isFile) throw new VmguestError("IO_OPEN", "not a regular file", { image: path });
    checkNotInUse(image);
    return image;
  } catch (error) {
    image.close();
    throw error;
  }
}

/** Throws IMAGE_IN_USE. Programs that take no lock, and those on other hosts, are not seen. */
export function checkNotInUse(image: StoredFile): void {
  const [lock] = image.locks();
  if (lock === undefined) return;
  const holder = lock.pid === undefined ? "a program" : `process ${lock.pid}`;
  throw new VmguestError("IMAGE_IN_USE", `${holder} holds a lock (${lock.kind}) on the image`, {
    image: image.path,
  });
}

/**
 * Opens the undo file, or gives undefined where there is none. Throws UNDO_FOREIGN where it is no file, belongs neither
 * to the image's owner nor to this user nor to root, or may be written by more people than the image: whoever writes it
 * decides what taking back puts into the image.
 */
export function openUndoFile(
  storage: Storage,
  { undo: path }: Places,
  imageStatus: FileStatus,
  mode: "read" | "write",
): StoredFile | undefined {
  const found = translate("IO_OPEN", path, () => storage.statusOf(path));
  if (found === undefined) return undefined;
  if (!found.isFile) throw foreign(path, "it is no regular file");
  const file = StoredFile.open(storage, path, mode);
  try {
    checkOwner(file.status(), imageStatus, path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function checkOwner(undo: FileStatus, image: FileStatus, path: string): void {
  if (!undo.isFile) throw foreign(path, "it is no regular file");
  if (undo.linkCount > 1) throw foreign(path, `it has ${undo.linkCount} names`);
  const owners = [image.owner, process.geteuid?.() ?? image.owner, 0];
  if (!owners.includes(undo.owner)) throw foreign(path, `it belongs to user ${undo.owner}`);
  if ((undo.mode & ~image.mode & OTHERS_WRITE) !== 0) {
    throw foreign(path, "more people may write to it than to the image");
  }
}

function foreign(path: string, message: string): VmguestError {
  return new VmguestError("UNDO_FOREIGN", message, { image: path });
}
