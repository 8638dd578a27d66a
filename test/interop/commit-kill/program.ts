// SPDX-License-Identifier: MIT
import {
  commitChanges,
  NodeStorage,
  type OpenFile,
  type OpenMode,
  rollbackChanges,
} from "../../../src/io/commit/index.ts";
import { type Change, FileSource } from "../../../src/io/index.ts";

/** Commits and rolls back the same change again and again: `program.mjs <image> <call before which it kills itself, or -1>`. */
const [, , image = "", killAt = "-1"] = process.argv;
const PAGE_BYTES = 4096;
const STEP_COUNT = 5;
/** Where nobody kills it, it ends some day. */
const ROUND_COUNT = 500;

let callCount = 0;

/** Counts a call that reads or changes a file. */
function count(): void {
  if (callCount++ === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

/** The host's files, counting calls. */
class CountingStorage extends NodeStorage {
  override open(path: string, mode: OpenMode): OpenFile {
    count();
    const file = super.open(path, mode);
    return {
      status: () => file.status(),
      locks: () => file.locks(),
      close: () => file.close(),
      read: (target, offset) => {
        count();
        return file.read(target, offset);
      },
      write: (bytes, offset) => {
        count();
        return file.write(bytes, offset);
      },
      truncate: (sizeBytes) => {
        count();
        file.truncate(sizeBytes);
      },
      flush: () => {
        count();
        file.flush();
      },
    };
  }

  override remove(path: string): void {
    count();
    super.remove(path);
  }

  override flushFolder(path: string): void {
    count();
    super.flushFolder(path);
  }
}

/** Every eighth page, in turn by step, round and round the image as it will be. */
function stepsFor(sizeBytes: number): Change[][] {
  const pageCount = Math.floor(sizeBytes / PAGE_BYTES);
  return Array.from({ length: STEP_COUNT }, (_, step) =>
    Array.from({ length: 40 }, (_, index) => ({
      offset: (((index * STEP_COUNT + step) * 8) % pageCount) * PAGE_BYTES,
      bytes: new Uint8Array(3000).fill(step * 40 + index),
    })),
  );
}

process.send?.("ready");
const storage = new CountingStorage();
for (let round = 0; round < ROUND_COUNT; round++) {
  using source = FileSource.open(image);
  const sizeBytes = source.sizeBytes + 256 * 1024;
  commitChanges(
    image,
    { image: source, steps: stepsFor(sizeBytes), sizeBytes, id: "11111111-2222-3333-4444-555555555555" },
    { storage },
  );
  rollbackChanges(image, { storage });
}
