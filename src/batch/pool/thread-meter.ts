// SPDX-License-Identifier: MIT
import { getHeapStatistics } from "node:v8";
import type { Meter } from "../../io/index.ts";

/**
 * Measures what this thread alone has come to hold since now: its objects, and the bytes of its buffers. The memory of
 * the process would be that of all images under way, so that a large one would have its neighbours refused; and what
 * the image before has left behind until it is collected is no fault of this one.
 */
export function threadMeter(): Meter {
  const before = heldBytes();
  return { now: () => performance.now(), memoryBytes: () => heldBytes() - before };
}

function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
