// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { CHANGE_PAGE_BYTES } from "../overlay.ts";
import type { ChangePlan, PlannedImage } from "./commit.ts";
import { type Draft, makeFile, outputExists } from "./new-file.ts";
import { NodeStorage } from "./node-storage.ts";
import { type ImageRange, isZeros, runsOf, toPageChanges } from "./page-changes.ts";
import type { FileStatus, Storage } from "./storage.ts";
import { StoredFile, translate } from "./stored-file.ts";

/** What is to be in a new image. Its steps need no order, as nobody sees it before it is whole. */
export type ImageContent = Pick<ChangePlan, "steps" | "sizeBytes">;

/** How a new image is written. */
export interface NewImageOptions {
  /** The host's own files where there is none. */
  readonly storage?: Storage;
  /** Asked between writes, as that of a commit. */
  readonly isCancelled?: () => boolean;
  /**
   * Looks at the image before it gets its name, whole and flushed; gets the path that it has until then. What it throws
   * leaves nothing behind.
   */
  readonly check?: (path: string) => void;
}

/** What a copy of an image is to have otherwise. */
export interface CopyOptions extends NewImageOptions {
  /** What the copy is to have otherwise than the image: `planDiskWrites` gives it. */
  readonly changes?: ImageContent;
}

/** What became of a new image. */
export interface NewImageResult {
  /** `rolled-back` where it was cancelled, and nothing is left of it. */
  readonly outcome: "committed" | "rolled-back";
  /** Bytes that were written; those that are shared with the image, and zeros, are not. */
  readonly writtenBytes: number;
}

/**
 * Makes an image out of nothing but its steps, zeros where they say nothing: a new child. It has its name only once it
 * is whole, read back and on the disk; no file is overwritten. Its owner alone may read and write it.
 *
 * Throws OUTPUT_EXISTS, UNDO_PRESENT, OUT_OF_BOUNDS, LIMIT_EXCEEDED, IO_OPEN, IO_WRITE, HOST_SPACE, with nothing left.
 */
export function createImage(
  path: string,
  content: ImageContent,
  { storage = new NodeStorage(), check, ...options }: NewImageOptions = {},
): NewImageResult {
  const isCancelled = onceTrue(options.isCancelled);
  let writtenBytes = 0;
  const isWhole = makeFile(storage, path, (draft) => {
    using file = createDraft(storage, draft);
    writtenBytes = writeContent(file, content, isCancelled);
    file.flush();
    if (!isCancelled()) check?.(draft.path);
    return !isCancelled();
  });
  return { outcome: isWhole ? "committed" : "rolled-back", writtenBytes };
}

/**
 * Copies an image, which may have changes that the image itself does not get. Where the host's file system can let two
 * files share their bytes, it does; elsewhere what is zeros is not written, so that a sparse file stays one. The rest is
 * as {@link createImage} has it.
 *
 * Throws IO_CHANGED as well, where the image was written to meanwhile or is not the file that `image` was opened from.
 */
export function copyImage(
  image: PlannedImage & { readonly path: string },
  path: string,
  { storage = new NodeStorage(), changes, check, ...options }: CopyOptions = {},
): NewImageResult {
  const isCancelled = onceTrue(options.isCancelled);
  const real = translate("IO_OPEN", image.path, () => storage.realPath(image.path));
  using source = StoredFile.open(storage, real, "read");
  const before = source.status();
  let writtenBytes = 0;
  checkSame(source, before, image);
  const isWhole = makeFile(storage, path, (draft) => {
    using clone = openClone(storage, real, draft);
    using file = clone ?? createDraft(storage, draft);
    if (clone === undefined) writtenBytes += copyFilled(source, file, before.sizeBytes, isCancelled);
    checkSame(source, before, image);
    if (changes !== undefined) writtenBytes += writeContent(file, changes, isCancelled);
    file.flush();
    if (!isCancelled()) check?.(draft.path);
    return !isCancelled();
  });
  return { outcome: isWhole ? "committed" : "rolled-back", writtenBytes };
}

/** The same question, whose answer stays yes: half of a file must never count as all of it. */
function onceTrue(isCancelled = () => false): () => boolean {
  let wasCancelled = false;
  return () => {
    wasCancelled ||= isCancelled();
    return wasCancelled;
  };
}

function createDraft(storage: Storage, { path, made }: Draft): StoredFile {
  const file = StoredFile.create(storage, path);
  if (file === undefined) throw outputExists(path);
  made();
  return file;
}

/** A copy that shares its bytes with the file, or undefined where the host cannot make one. */
function openClone(storage: Storage, source: string, { path, made }: Draft): StoredFile | undefined {
  const isCloned = translate("IO_WRITE", path, () => {
    try {
      return storage.clone(source, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw outputExists(path);
      throw error;
    }
  });
  if (!isCloned) return undefined;
  made();
  return StoredFile.open(storage, path, "write");
}

/** Throws IO_CHANGED where the source is not the planned image, as it was. */
function checkSame(source: StoredFile, before: FileStatus, image: PlannedImage): void {
  const { identity, sizeBytes, modifiedNs } = source.status();
  image.checkUnchanged();
  const isSame = identity === image.identity && sizeBytes === image.sizeBytes;
  if (isSame && modifiedNs === before.modifiedNs) return;
  const message = "the image was written to while it was copied, or is another file";
  throw new VmguestError("IO_CHANGED", message, { image: source.path });
}

/** Bytes that are copied at once, and asked about between. */
const COPY_BYTES = 1024 * 1024;

/** Copies all pages that are not zeros, as far as it is not cancelled; the file is empty. Gives the bytes written. */
function copyFilled(
  source: StoredFile,
  file: StoredFile,
  sizeBytes: number,
  isCancelled: () => boolean,
): number {
  let writtenBytes = 0;
  file.truncate(sizeBytes);
  for (let offset = 0; offset < sizeBytes && !isCancelled(); offset += COPY_BYTES) {
    const bytes = source.read(offset, Math.min(COPY_BYTES, sizeBytes - offset));
    for (const run of runsOf(filledPages(bytes))) {
      const [start, length] = spanOf(run);
      file.write(bytes.subarray(start, start + length), offset + start);
      writtenBytes += length;
    }
  }
  return writtenBytes;
}

function* filledPages(bytes: Uint8Array): Generator<ImageRange> {
  for (let offset = 0; offset < bytes.length; offset += CHANGE_PAGE_BYTES) {
    const page = bytes.subarray(offset, offset + CHANGE_PAGE_BYTES);
    if (!isZeros(page)) yield { offset, length: page.length };
  }
}

/**
 * Writes the pages of all steps as the last one leaves them, as far as it is not cancelled, and reads them back. Gives the
 * bytes written.
 */
function writeContent(
  file: StoredFile,
  { steps, sizeBytes }: ImageContent,
  isCancelled: () => boolean,
): number {
  let writtenBytes = 0;
  const changes = toPageChanges(steps, sizeBytes, (offset, length) => file.readPadded(offset, length));
  const latest = new Map(changes.map(({ offset, after }) => [offset, after]));
  const pages = [...latest].map(([offset, bytes]) => ({ offset, length: bytes.length, bytes }));
  file.truncate(sizeBytes);
  for (const run of runsOf(pages.sort((a, b) => a.offset - b.offset))) {
    if (isCancelled()) return writtenBytes;
    const [start, length] = spanOf(run);
    file.write(Buffer.concat(run.map(({ bytes }) => bytes)), start);
    writtenBytes += length;
  }
  for (const { offset, bytes } of pages) {
    if (Buffer.compare(file.readPadded(offset, bytes.length), bytes) === 0) continue;
    throw new VmguestError("IO_WRITE", "a page reads otherwise than it was written", {
      image: file.path,
      offset,
    });
  }
  return writtenBytes;
}

/** Begin and length of neighbours together. */
function spanOf(run: readonly ImageRange[]): [number, number] {
  return [run[0]?.offset ?? 0, run.reduce((sum, { length }) => sum + length, 0)];
}
