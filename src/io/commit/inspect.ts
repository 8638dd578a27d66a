// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type Examined, examine } from "./examine.ts";
import { openUndoFile } from "./image-access.ts";
import { NodeStorage } from "./node-storage.ts";
import { type Places, placesOf } from "./places.ts";
import type { Storage } from "./storage.ts";
import { StoredFile, translate } from "./stored-file.ts";

/** What an undo file says of its change. */
export interface ChangeDescription {
  readonly undoPath: string;
  /** Names the change, as its maker named it. */
  readonly id: string;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly stepCount: number;
  /** What its maker wanted to know later. */
  readonly note: Uint8Array;
  /** First place of the image that somebody else has written to since, if any: it can then not be taken back. */
  readonly changedAt: number | undefined;
}

/** What every command asks of an image before anything else. */
export type UndoInspection =
  | { readonly state: "none" }
  /** A commit was stopped before it touched the image: a rollback only removes the undo file. */
  | { readonly state: "incomplete"; readonly undoPath: string }
  /** The image is between before and after: to be rolled back or finished. */
  | (ChangeDescription & {
      readonly state: "interrupted";
      readonly direction: "commit" | "rollback";
      /** The first step, from 1, that may have been under way; undefined where the storage lost parts of several. */
      readonly step: number | undefined;
    })
  | (ChangeDescription & {
      readonly state: "committed";
      /** The host says that the image was written to after the commit; a copy of it counts as such too. */
      readonly isModifiedSince: boolean;
    })
  /** There is an undo file, but it tells nothing. */
  | { readonly state: "unreadable"; readonly undoPath: string; readonly error: VmguestError };

/** Where the undo file is. */
export interface InspectOptions {
  /** The host's own files where there is none. */
  readonly storage?: Storage;
}

/**
 * Whether a change of the image can be taken back, or was interrupted. Changes nothing, and costs two look-ups of names
 * where there is no undo file. Throws IO_OPEN, IO_READ for the image; trouble with the undo file is an answer.
 */
export function inspectUndo(
  path: string,
  { storage = new NodeStorage() }: InspectOptions = {},
): UndoInspection {
  return inspectPlaces(storage, placesOf(storage, path));
}

/** The same of an image whose places are known. */
export function inspectPlaces(storage: Storage, places: Places): UndoInspection {
  const found = translate("IO_OPEN", places.undo, () => storage.statusOf(places.undo));
  if (found === undefined) return { state: "none" };
  using image = StoredFile.open(storage, places.image, "read");
  try {
    using file = openUndoFile(storage, places, image.status(), "read");
    if (file === undefined) return { state: "none" };
    return describe(places, image, examine(file, image));
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    return { state: "unreadable", undoPath: places.undo, error };
  }
}

function describe({ undo: undoPath }: Places, image: StoredFile, found: Examined): UndoInspection {
  if (found.state === "incomplete") return { state: "incomplete", undoPath };
  const { undo, standing } = found;
  const { id, sizeBefore, sizeAfter, stepCount, note } = undo;
  const changedAt = changedSince(found);
  const description = { undoPath, id, sizeBefore, sizeAfter, stepCount, note, changedAt };
  if (found.state === "committed") {
    const isModifiedSince = image.status().modifiedNs !== found.sealed.modifiedNs;
    return { state: "committed", ...description, isModifiedSince };
  }
  return { state: "interrupted", ...description, direction: found.direction, step: standing.steps?.first };
}

/** First place that is not as the change left it or, where it was interrupted, may have left it. */
export function changedSince(found: Exclude<Examined, { state: "incomplete" }>): number | undefined {
  const { foreignAt, unfinishedAt } = found.standing;
  return found.state === "committed" ? (foreignAt ?? unfinishedAt) : foreignAt;
}
