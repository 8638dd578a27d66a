// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange } from "../byte-source.ts";
import type { ChangeOptions, ChangeResult } from "./commit.ts";
import { type Examined, examine } from "./examine.ts";
import { openImage, openUndoFile } from "./image-access.ts";
import { ImageLock } from "./image-lock.ts";
import { changedSince } from "./inspect.ts";
import { NodeStorage } from "./node-storage.ts";
import { walkForward } from "./page-walk.ts";
import { type Places, placesOf } from "./places.ts";
import type { Storage } from "./storage.ts";
import { type StoredFile, translate } from "./stored-file.ts";
import { removeUndo, takeBack } from "./take-back.ts";
import { checkStoredPages, type Undo } from "./undo-file.ts";
import { clearMark, writeMark } from "./undo-marks.ts";

/** What has to be true before a change is taken back. */
export interface RollbackOptions extends ChangeOptions {
  /**
   * Throws where the image, as it is now, shows in ways that only the caller knows that it was used since. Gets the note
   * of the change.
   */
  readonly check?: (image: ByteSource, note: Uint8Array) => void;
  /**
   * Nobody else can have written the undo file. Has to be said where the host does not tell whose files are (Windows), for
   * what an undo file says goes into the image; elsewhere owner and permissions are looked at.
   */
  readonly trustsUndoFile?: boolean;
}

/** What is open while a change is taken back or finished. */
interface Opened {
  readonly storage: Storage;
  readonly places: Places;
  readonly lock: ImageLock;
  readonly image: StoredFile;
  readonly file: StoredFile;
}

/**
 * Takes the change of an image back: content and length are again, bit for bit, what they were; the time of the last
 * write is that of the rollback, so that backups see it. The undo file is removed last. Where it is cut off, it can be
 * begun again.
 *
 * Throws UNDO_NOT_FOUND, UNDO_IMAGE_CHANGED, UNDO_DAMAGED, UNDO_FOREIGN, UNDO_OWNER_UNKNOWN, UNDO_VERSION, those of locks,
 * and IO_OPEN, IO_READ, IO_WRITE, HOST_SPACE.
 */
export function rollbackChanges(path: string, options: RollbackOptions = {}): ChangeResult {
  return withUndo(path, options, (opened, found) => {
    if (found.state === "incomplete") return dropIncomplete(opened);
    const { undo, standing } = found;
    prepare(opened, found, options);
    takeBack(opened.image, undo, { keepEqual: false, standing });
    removeUndo(opened.storage, opened.places);
    return { outcome: "rolled-back", ...resultOf(opened.places, undo) };
  });
}

/**
 * Finishes a change that was interrupted; one that is complete stays as it is. An undo file that was never completed holds
 * nothing to finish: it is removed, and the outcome is `rolled-back`. Throws as {@link rollbackChanges} does.
 */
export function finishChanges(path: string, options: RollbackOptions = {}): ChangeResult {
  return withUndo(path, options, (opened, found) => {
    if (found.state === "incomplete") return dropIncomplete(opened);
    const { image, file } = opened;
    const { undo, standing } = found;
    const result = { outcome: "committed", ...resultOf(opened.places, undo) } as const;
    if (found.state === "committed") return result;
    prepare(opened, found, options);
    walkForward(image, undo, standing.steps?.first ?? 1, () => false);
    writeMark(file, "sealed", undo.id, image.status().modifiedNs);
    clearMark(file, "undoing");
    return result;
  });
}

/**
 * Removes the undo file of a change that is complete, so that it stays for good. Throws UNDO_INTERRUPTED where it is not
 * complete, and as {@link rollbackChanges} does.
 */
export function discardUndo(path: string, options: ChangeOptions = {}): void {
  withUndo(path, options, ({ storage, places }, found) => {
    if (found.state === "interrupted") {
      throw new VmguestError("UNDO_INTERRUPTED", "the change is not complete", { image: places.undo });
    }
    removeUndo(storage, places);
  });
}

function withUndo<T>(path: string, options: ChangeOptions, work: (opened: Opened, found: Examined) => T): T {
  const { storage = new NodeStorage() } = options;
  const places = placesOf(storage, path);
  if (translate("IO_OPEN", places.undo, () => storage.statusOf(places.undo)) === undefined)
    throw notFound(places);
  using lock = ImageLock.take(storage, places, options);
  using image = openImage(storage, places);
  using file = openUndoFile(storage, places, image.status(), "write");
  if (file === undefined) throw notFound(places);
  return work({ storage, places, lock, image, file }, examine(file, image));
}

/** What has to hold before the image is touched: nobody else has, and the undo file is trusted and sound as a whole. */
function prepare(
  { storage, places, lock, image }: Opened,
  found: Exclude<Examined, { state: "incomplete" }>,
  { check, trustsUndoFile = storage.tellsOwners }: RollbackOptions,
): void {
  if (!trustsUndoFile) {
    const message = "this host does not tell who has written the undo file";
    throw new VmguestError("UNDO_OWNER_UNKNOWN", message, { image: places.undo });
  }
  const offset = changedSince(found);
  if (offset !== undefined) {
    const message = "the image is not as the change left it";
    throw new VmguestError("UNDO_IMAGE_CHANGED", message, { image: image.path, offset });
  }
  checkStoredPages(found.undo);
  check?.(sourceOf(image), found.undo.note);
  lock.check();
}

function dropIncomplete({ storage, places }: Opened): ChangeResult {
  removeUndo(storage, places);
  return { outcome: "rolled-back", undoPath: places.undo, changedBytes: 0 };
}

function resultOf(places: Places, { pages }: Undo): { undoPath: string; changedBytes: number } {
  return { undoPath: places.undo, changedBytes: pages.reduce((sum, { length }) => sum + length, 0) };
}

function sourceOf(image: StoredFile): ByteSource {
  const { sizeBytes } = image.status();
  return {
    sizeBytes,
    read(offset, length) {
      checkRange("the image", sizeBytes, offset, length);
      return new DataView(image.read(offset, length).buffer);
    },
  };
}

function notFound(places: Places): VmguestError {
  return new VmguestError("UNDO_NOT_FOUND", "there is no undo file beside the image", {
    image: places.image,
  });
}
