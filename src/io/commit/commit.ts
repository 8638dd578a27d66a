// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../byte-source.ts";
import type { Change } from "../overlay.ts";
import { checkNotInUse, openImage } from "./image-access.ts";
import { ImageLock, type LockOptions } from "./image-lock.ts";
import { inspectPlaces } from "./inspect.ts";
import { MAX_NOTE_BYTES } from "./layout.ts";
import { NodeStorage } from "./node-storage.ts";
import {
  checkCount,
  checkStepCount,
  type ImageRange,
  pageLength,
  pageOffsets,
  toPageChanges,
} from "./page-changes.ts";
import { walkForward } from "./page-walk.ts";
import { type Places, placesOf } from "./places.ts";
import type { FileStatus, Storage } from "./storage.ts";
import { StoredFile, translate } from "./stored-file.ts";
import { removeUndo, takeBack } from "./take-back.ts";
import { checkStoredPages, readUndo, type Undo } from "./undo-file.ts";
import { writeMark } from "./undo-marks.ts";
import { type UndoContent, undoFileSize, writeUndoContent } from "./undo-writer.ts";

/** The image as the plan was made from it: a `FileSource` that is still open is one. */
export interface PlannedImage extends ByteSource {
  readonly identity: string;
  /** Throws IO_CHANGED where the file was written to since it was opened. */
  checkUnchanged(): void;
}

/** What is to become of an image file. */
export interface ChangePlan {
  readonly image: PlannedImage;
  /**
   * The changes, step by step; offsets are in the file. The image has to be sound after every step, and with any subset
   * of the next step's pages of 4096 bytes. Overlapping changes of one step are applied in order.
   */
  readonly steps: readonly (readonly Change[])[];
  /** Bytes of the file afterwards; not less than before. What no change fills is zeros. */
  readonly sizeBytes: number;
  /** A GUID that names the change. */
  readonly id: string;
  /** Ranges that the change leaves alone, and that nobody can use the image without changing. */
  readonly watched?: readonly ImageRange[];
  /** Anything to be found with the undo file later, up to 64 KiB. */
  readonly note?: Uint8Array;
}

/** Where the files of a change are, and whose lock it may take. */
export interface ChangeOptions extends LockOptions {
  /** The host's own files where there is none. */
  readonly storage?: Storage;
}

/** How a change is written. */
export interface CommitOptions extends ChangeOptions {
  /**
   * Asked between writes. Until the last step has begun the change is then taken back, from there on it is finished.
   * While this runs the event loop does not, so that it takes another thread to make it true: see `CancelFlag`.
   */
  readonly isCancelled?: () => boolean;
}

/** What became of a change. */
export interface ChangeResult {
  /** `unchanged` where there was nothing to do. */
  readonly outcome: "committed" | "rolled-back" | "unchanged";
  readonly undoPath: string;
  /** Bytes of the pages that the change writes to the image, each step counted. */
  readonly changedBytes: number;
}

/** The undo file and the pages need their space; folders and the file system's own books a little more. */
const SPACE_RESERVE_BYTES = 64 * 1024;

/**
 * Writes changes to an image file, after an undo file beside it (`<image>.vmguest-undo`) holds all that is needed to take
 * them back or to finish them: wherever the power fails, {@link inspectUndo} finds out how far it came.
 *
 * Throws, with the image as it was: IO_CHANGED, IMAGE_LOCKED, LOCK_STALE, IMAGE_IN_USE, IMAGE_HARD_LINKED, HOST_SPACE,
 * UNDO_PRESENT, UNDO_INTERRUPTED, COMMIT_UNDONE, LIMIT_EXCEEDED, and IO_OPEN, IO_READ, IO_WRITE. With the image between before and after,
 * and the undo file in place: COMMIT_INTERRUPTED.
 */
export function commitChanges(path: string, plan: ChangePlan, options: CommitOptions = {}): ChangeResult {
  const { storage = new NodeStorage(), isCancelled = () => false } = options;
  checkPlan(plan);
  const places = placesOf(storage, path);
  refuseUndo(storage, places);
  using lock = ImageLock.take(storage, places, options);
  using image = openImage(storage, places);
  const status = image.status();
  checkPlanned(image, status, plan);
  const content = contentOf(image, status, plan);
  const changedBytes = content.pages.reduce((sum, { after }) => sum + after.length, 0);
  const result = { undoPath: places.undo, changedBytes };
  if (content.pages.length === 0 && plan.sizeBytes === status.sizeBytes)
    return { ...result, outcome: "unchanged" };
  if (isCancelled()) return { ...result, outcome: "rolled-back" };
  checkSpace(storage, places, content, changedBytes);
  using file = createUndoFile(storage, places);
  const undo = cleanUpAfter(storage, places, () => {
    const written = writeUndo(storage, places, file, content);
    plan.image.checkUnchanged();
    checkStill(image, status);
    lock.check();
    return written;
  });
  try {
    if (walkForward(image, undo, 1, isCancelled)) {
      writeMark(file, "sealed", undo.id, image.status().modifiedNs);
      return { ...result, outcome: "committed" };
    }
  } catch (error) {
    throw failureAfter(error, storage, places, image, undo);
  }
  takeBack(image, undo, { keepEqual: true });
  removeUndo(storage, places);
  return { ...result, outcome: "rolled-back" };
}

function checkPlan({ image, sizeBytes, steps, note }: ChangePlan): void {
  const fault =
    sizeBytes < image.sizeBytes || !Number.isSafeInteger(sizeBytes)
      ? `an image of ${image.sizeBytes} bytes cannot become one of ${sizeBytes}`
      : note !== undefined && note.length > MAX_NOTE_BYTES
        ? `a note of ${note.length} bytes is longer than ${MAX_NOTE_BYTES}`
        : undefined;
  if (fault !== undefined) throw new VmguestError("USAGE", fault);
  checkStepCount(steps.length);
}

function refuseUndo(storage: Storage, places: Places): void {
  const found = inspectPlaces(storage, places);
  const where = { image: places.undo };
  if (found.state === "none") return;
  if (found.state === "unreadable") throw found.error;
  if (found.state === "interrupted") {
    throw new VmguestError("UNDO_INTERRUPTED", "an earlier change of the image is not complete", where);
  }
  throw new VmguestError("UNDO_PRESENT", "an earlier change of the image has left its undo file", where);
}

/** The image has to be the file that the plan was made from, unchanged, and have no other name. */
function checkPlanned(image: StoredFile, status: FileStatus, plan: ChangePlan): void {
  const where = { image: image.path };
  if (status.identity !== plan.image.identity || status.sizeBytes !== plan.image.sizeBytes) {
    throw new VmguestError("IO_CHANGED", "the file is not the one that the plan was made from", where);
  }
  if (status.linkCount > 1) {
    throw new VmguestError("IMAGE_HARD_LINKED", `the image file has ${status.linkCount} names`, where);
  }
  plan.image.checkUnchanged();
}

function contentOf(image: StoredFile, status: FileStatus, plan: ChangePlan): UndoContent {
  const readPlanned = (offset: number, length: number) => {
    const bytes = image.readPadded(offset, length);
    const known = Math.max(0, Math.min(length, status.sizeBytes - offset));
    const view = plan.image.read(Math.min(offset, status.sizeBytes), known);
    const planned = new Uint8Array(view.buffer, view.byteOffset, known);
    if (Buffer.compare(planned, bytes.subarray(0, known)) === 0) return bytes;
    throw new VmguestError("IO_CHANGED", "a page is not as it was when the plan was made", {
      image: image.path,
      offset,
    });
  };
  const pages = toPageChanges(plan.steps, plan.sizeBytes, readPlanned);
  const changed = new Set(pages.map(({ offset }) => offset));
  const watchedOffsets = new Set((plan.watched ?? []).flatMap((range) => [...pageOffsets(range)]));
  const watched = [...watchedOffsets]
    .filter((offset) => offset < plan.sizeBytes && !changed.has(offset))
    .sort((a, b) => a - b)
    .map((offset) => ({ offset, bytes: readPlanned(offset, pageLength(offset, plan.sizeBytes)) }));
  checkCount(pages.length + watched.length);
  return {
    id: plan.id,
    sizeBefore: status.sizeBytes,
    sizeAfter: plan.sizeBytes,
    modifiedBefore: status.modifiedNs,
    stepCount: Math.max(1, plan.steps.length),
    pages,
    watched,
    note: plan.note ?? new Uint8Array(0),
  };
}

/** Node cannot reserve space, so it is looked at; where it then does not suffice, what was written is taken back. */
function checkSpace(storage: Storage, places: Places, content: UndoContent, changedBytes: number): void {
  const needed = undoFileSize(content) + changedBytes + SPACE_RESERVE_BYTES;
  const free = translate("IO_READ", places.folder, () => storage.freeBytes(places.folder));
  if (free >= needed) return;
  const message = `${needed} bytes are needed, ${free} are free`;
  throw new VmguestError("HOST_SPACE", message, { image: places.image });
}

function createUndoFile(storage: Storage, places: Places): StoredFile {
  const file = StoredFile.create(storage, places.undo);
  if (file !== undefined) return file;
  throw new VmguestError("UNDO_PRESENT", "somebody made the undo file just now", { image: places.undo });
}

/** Writes the undo file, and reads it back; only the mark that follows the flush makes it count. */
function writeUndo(storage: Storage, places: Places, file: StoredFile, content: UndoContent): Undo {
  writeUndoContent(file, content);
  file.flush();
  translate("IO_WRITE", places.folder, () => storage.flushFolder(places.folder));
  writeMark(file, "ready", content.id);
  const undo = readUndo(file);
  checkStoredPages(undo);
  return undo;
}

/** The last look before the first byte of the image is written. */
function checkStill(image: StoredFile, before: FileStatus): void {
  const { sizeBytes, modifiedNs } = image.status();
  if (sizeBytes !== before.sizeBytes || modifiedNs !== before.modifiedNs) {
    throw new VmguestError("IO_CHANGED", "the image was written to during the preparations", {
      image: image.path,
    });
  }
  checkNotInUse(image);
}

/** Runs what does not touch the image yet, and removes the undo file where it fails. */
function cleanUpAfter<T>(storage: Storage, places: Places, work: () => T): T {
  try {
    return work();
  } catch (error) {
    try {
      removeUndo(storage, places);
    } catch {
      // The first error says more; a file that stays is found to be of no use, and rolling back removes it.
    }
    throw error;
  }
}

/** Takes back what a failed commit had written, and says how that went. */
function failureAfter(
  error: unknown,
  storage: Storage,
  places: Places,
  image: StoredFile,
  undo: Undo,
): unknown {
  const why = error instanceof Error ? error.message : String(error);
  const where = { image: places.image };
  // After a flush that failed nothing is sure; space can only be short for a page that has none on the disk yet.
  const keepEqual = error instanceof VmguestError && error.code === "HOST_SPACE";
  try {
    takeBack(image, undo, { keepEqual });
    removeUndo(storage, places);
  } catch (second) {
    if (!(error instanceof VmguestError) || !(second instanceof VmguestError)) return error;
    const message = `${why}; taking back failed as well: ${second.message}`;
    return new VmguestError("COMMIT_INTERRUPTED", message, where, { cause: error });
  }
  if (!(error instanceof VmguestError)) return error;
  return new VmguestError("COMMIT_UNDONE", why, where, { cause: error });
}
