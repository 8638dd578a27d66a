// SPDX-License-Identifier: MIT
import { type CodeEntry, io } from "./entry.ts";

const ALONE = "The other images are not affected; audit this one by itself to see whether it does so again.";

/** Batches of images, each audited on a thread. */
export const BATCH_CODES = {
  WORKER_LOST: io("the thread that audited the image ended before it had an answer", ALONE),
  WORKER_MEMORY: io(
    "the thread that audited the image needed more memory than the limits allow",
    "The other images are not affected; --limit-memory allows more.",
  ),
  WORKER_HUNG: io(
    "the thread that audited the image gave no answer long after its time was over, and was ended",
    "Check the storage that holds the image; --limit-seconds allows more.",
  ),
} as const satisfies Record<string, CodeEntry>;
