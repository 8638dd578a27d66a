// SPDX-License-Identifier: MIT
import { reportError } from "../audit/index.ts";
import { readChain } from "../disk/index.ts";
import { type Finding, VmguestError } from "../errors.ts";
import {
  type ChangeOptions,
  discardUndo,
  finishChanges,
  inspectUndo,
  rollbackChanges,
} from "../io/commit/index.ts";
import { FileSource, SiblingFiles } from "../io/index.ts";
import { checkChildren } from "./preconditions/index.ts";
import type { RollbackReport } from "./report.ts";

/** What becomes of the change, and what is known of its undo file. */
export interface RollbackImageOptions extends ChangeOptions {
  /** Version of this program, for the report. */
  readonly toolVersion: string;
  /** What becomes of the change: taken back, where left out; completed; or kept for good, its undo file removed. */
  readonly way?: "take-back" | "finish" | "discard";
  /** See {@link RollbackOptions.trustsUndoFile}: needed where the host does not tell who wrote a file. */
  readonly trustsUndoFile?: boolean;
}

/**
 * Takes the last change of an image back, bit for bit, by the undo file beside it; or finishes one that was interrupted, or
 * gives the way back up. Never throws for what image and undo file hold: that is in `error`.
 */
export function rollbackImage(path: string, options: RollbackImageOptions): RollbackReport {
  const { toolVersion, way = "take-back", ...change } = options;
  const base = {
    schema: "vmguest.rollback/1",
    tool: { name: "vmguest", version: toolVersion },
    image: path,
  } as const;
  const nothing = { undoFile: null, bytes: 0, error: null };
  try {
    const found = inspectUndo(path, change);
    if (found.state === "none") return { ...base, ...nothing, outcome: "nothing-to-do" };
    if (way === "discard") {
      discardUndo(path, change);
      const undoFile = "undoPath" in found ? found.undoPath : null;
      return { ...base, ...nothing, outcome: "discarded", undoFile };
    }
    if (way === "take-back" && found.state === "committed") requireNoChildren(path);
    const result = way === "finish" ? finishChanges(path, change) : rollbackChanges(path, change);
    const outcome = result.outcome === "committed" ? "finished" : "rolled-back";
    return { ...base, outcome, undoFile: result.undoPath, bytes: result.changedBytes, error: null };
  } catch (error) {
    return { ...base, ...nothing, outcome: "failed", error: reportError(error, path) };
  }
}

/** A child that was made since goes with the image as it is: taken back, it would be another disk under the child. */
function requireNoChildren(path: string): void {
  const child = findChildren(path).find(({ code }) => code === "STAGE_HAS_CHILDREN");
  if (child !== undefined) throw new VmguestError(child.code, child.message, { image: path });
}

function findChildren(path: string): Finding[] {
  try {
    using file = FileSource.open(path);
    const [own] = readChain(file).links;
    return own === undefined ? [] : [...checkChildren(own, SiblingFiles.around(path))];
  } catch (error) {
    // What cannot be read as a disk any more may need to be taken back for that very reason.
    if (error instanceof VmguestError) return [];
    throw error;
  }
}
