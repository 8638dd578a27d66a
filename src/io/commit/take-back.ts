// SPDX-License-Identifier: MIT
import { compareImage, type Standing } from "./image-standing.ts";
import { walkBack } from "./page-walk.ts";
import type { Places } from "./places.ts";
import type { Storage } from "./storage.ts";
import { type StoredFile, translate } from "./stored-file.ts";
import type { Undo } from "./undo-file.ts";
import { writeMark } from "./undo-marks.ts";

export interface TakeBackOptions {
  /** See `walkBack`. */
  readonly keepEqual: boolean;
  /** How far the change has come, where that was found out before. */
  readonly standing?: Standing;
}

/** Takes the image back to what it was, however far the change had come; the undo file stays. */
export function takeBack(image: StoredFile, undo: Undo, { keepEqual, standing }: TakeBackOptions): void {
  const { steps } = standing ?? compareImage(image, undo);
  writeMark(undo.file, "undoing", undo.id);
  walkBack(image, undo, steps?.last ?? undo.stepCount, keepEqual);
}

/** Removes the undo file, for good. */
export function removeUndo(storage: Storage, places: Places): void {
  translate("IO_WRITE", places.undo, () => storage.remove(places.undo));
  translate("IO_WRITE", places.folder, () => storage.flushFolder(places.folder));
}
