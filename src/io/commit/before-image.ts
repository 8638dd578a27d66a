// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange } from "../byte-source.ts";
import { CHANGE_PAGE_BYTES } from "../overlay.ts";
import { examine } from "./examine.ts";
import { openUndoFile } from "./image-access.ts";
import { changedSince, type InspectOptions } from "./inspect.ts";
import { NodeStorage } from "./node-storage.ts";
import { placesOf } from "./places.ts";
import { StoredFile } from "./stored-file.ts";
import { readStoredPage, type StoredPage, type Undo } from "./undo-file.ts";

/** An image as it was before its latest change. Close it after use (or `using`). */
export type ImageBefore = ByteSource & Disposable;

/**
 * The image as taking its change back would leave it, read from image and undo file; undefined where there is no change
 * that has touched it. Nothing is written.
 *
 * Throws UNDO_IMAGE_CHANGED, UNDO_DAMAGED, UNDO_FOREIGN, UNDO_VERSION, IO_OPEN, IO_READ.
 */
export function openBefore(
  path: string,
  { storage = new NodeStorage() }: InspectOptions = {},
): ImageBefore | undefined {
  const places = placesOf(storage, path);
  const image = StoredFile.open(storage, places.image, "read");
  let file: StoredFile | undefined;
  try {
    file = openUndoFile(storage, places, image.status(), "read");
    const found = file === undefined ? undefined : examine(file, image);
    if (file !== undefined && found !== undefined && found.state !== "incomplete") {
      const offset = changedSince(found);
      if (offset === undefined) return new Before(image, file, found.undo);
      const message = "the image is not as the change left it";
      throw new VmguestError("UNDO_IMAGE_CHANGED", message, { image: image.path, offset });
    }
  } catch (error) {
    close(image, file);
    throw error;
  }
  close(image, file);
  return undefined;
}

function close(...files: readonly (StoredFile | undefined)[]): void {
  for (const file of files) file?.close();
}

/** The pages that a change wrote, as they were, over the image as it is. */
class Before implements ImageBefore {
  readonly sizeBytes: number;
  readonly #image: StoredFile;
  readonly #file: StoredFile;
  readonly #undo: Undo;
  /** The first version of each page, by its offset. */
  readonly #pages = new Map<number, StoredPage>();

  constructor(image: StoredFile, file: StoredFile, undo: Undo) {
    this.sizeBytes = undo.sizeBefore;
    this.#image = image;
    this.#file = file;
    this.#undo = undo;
    for (const page of undo.pages) if (!this.#pages.has(page.offset)) this.#pages.set(page.offset, page);
  }

  read(offset: number, length: number): DataView {
    checkRange("the image before its change", this.sizeBytes, offset, length);
    const bytes = this.#image.readPadded(offset, length);
    const end = offset + length;
    for (let at = offset - (offset % CHANGE_PAGE_BYTES); at < end; at += CHANGE_PAGE_BYTES) {
      const page = this.#pages.get(at);
      if (page === undefined) continue;
      const old = readStoredPage(this.#undo, page, "old");
      const from = Math.max(at, offset);
      bytes.set(old.subarray(from - at, Math.min(at + old.length, end) - at), from - offset);
    }
    return new DataView(bytes.buffer);
  }

  [Symbol.dispose](): void {
    close(this.#image, this.#file);
  }
}
