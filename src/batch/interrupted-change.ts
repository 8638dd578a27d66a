// SPDX-License-Identifier: MIT
import { existsSync, realpathSync } from "node:fs";
import { type Finding, finding, findingOf, VmguestError } from "../errors.ts";
import type { UndoInspection } from "../io/commit/index.ts";

/** What an undo file is called beside its image, whatever links lead to that (docs/formats/undo.md). */
export const UNDO_ENDING = ".vmguest-undo";

/**
 * What the undo file beside an image says that a reader of the image has to know: that a change of it was interrupted, so
 * that it is between before and after, or that nobody can tell. Nothing of an image that has none, for one look-up of
 * its name; only where there is one, what reads it is loaded.
 */
export async function findInterruptedChange(path: string): Promise<readonly Finding[]> {
  if (!hasUndoFile(path)) return [];
  const { inspectUndo } = await import("../io/commit/index.ts");
  try {
    return describe(inspectUndo(path));
  } catch (error) {
    // The image cannot be read, which its own reader says better.
    if (error instanceof VmguestError) return [];
    throw error;
  }
}

function hasUndoFile(path: string): boolean {
  try {
    return existsSync(`${realpathSync.native(path)}${UNDO_ENDING}`);
  } catch {
    return false;
  }
}

function describe(found: UndoInspection): Finding[] {
  if (found.state === "unreadable")
    return [findingOf(found.error, { image: found.error.where.image ?? found.undoPath })];
  if (found.state !== "interrupted") return [];
  const { direction, step, stepCount, undoPath } = found;
  const what = direction === "commit" ? "a change of the image" : "taking back a change of the image";
  const far = step === undefined ? "" : ` at step ${step} of ${stepCount}`;
  const message = `${what} was interrupted${far}: what is read now is neither before nor after`;
  return [finding("UNDO_INTERRUPTED", message, { image: undoPath })];
}
