// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { compareImage, type Standing } from "./image-standing.ts";
import type { StoredFile } from "./stored-file.ts";
import { beginsAsUndo, readUndo, type Undo } from "./undo-file.ts";
import { type Mark, readMark } from "./undo-marks.ts";

/** What undo file and image say together. */
export type Examined =
  /** The undo file was never completed, so the image was never touched. */
  | { readonly state: "incomplete" }
  /** Somewhere between before and after, on the way there or back. */
  | {
      readonly state: "interrupted";
      readonly direction: "commit" | "rollback";
      readonly undo: Undo;
      readonly standing: Standing;
    }
  | { readonly state: "committed"; readonly undo: Undo; readonly standing: Standing; readonly sealed: Mark };

/**
 * Finds out how far a change has come. The marks say what was reached, and only the bytes of the image say what it is.
 * Throws UNDO_DAMAGED, UNDO_VERSION.
 */
export function examine(file: StoredFile, image: StoredFile): Examined {
  if (readMark(file, "ready") === undefined) return examineUnready(file, image);
  const undo = readUndo(file);
  if (readMark(file, "ready", undo.id) === undefined)
    throw damaged(file, "its mark is that of another change");
  const standing = compareImage(image, undo);
  const sealed = readMark(file, "sealed", undo.id);
  const isUndoing = readMark(file, "undoing", undo.id) !== undefined;
  if (sealed !== undefined && !isUndoing) return { state: "committed", undo, standing, sealed };
  return { state: "interrupted", direction: isUndoing ? "rollback" : "commit", undo, standing };
}

/** Without its first mark an undo file is one that was not completed, unless something speaks against it. */
function examineUnready(file: StoredFile, image: StoredFile): Examined {
  if (!beginsAsUndo(file)) throw damaged(file, "it does not begin as an undo file does");
  const hasLaterMark = readMark(file, "sealed") !== undefined || readMark(file, "undoing") !== undefined;
  if (hasLaterMark || hasNewPages(file, image)) {
    throw damaged(file, "it is not marked as ready, but the image was changed with it");
  }
  return { state: "incomplete" };
}

function hasNewPages(file: StoredFile, image: StoredFile): boolean {
  try {
    return compareImage(image, readUndo(file)).hasNew;
  } catch (error) {
    if (error instanceof VmguestError && error.kind === "corrupt") return false;
    if (error instanceof VmguestError && error.code === "IO_CHANGED") return false;
    throw error;
  }
}

function damaged(file: StoredFile, message: string): VmguestError {
  return new VmguestError("UNDO_DAMAGED", message, { image: file.path });
}
