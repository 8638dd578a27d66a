// SPDX-License-Identifier: MIT
import type { Overlay, WritableSource } from "../../../io/index.ts";

/** Where volumes begin that have a writer, by the overlay of their disk. */
const written = new WeakMap<Overlay, Set<number>>();

/**
 * Takes a volume for one writer. Only that one knows what it freed, which the disk uses until the changes are there.
 * Throws TypeError where there is another: one writer has to do all of a change.
 */
export function claimVolume({ overlay }: WritableSource, volumeOffset: number): void {
  const offsets = written.get(overlay) ?? new Set();
  if (offsets.has(volumeOffset)) throw new TypeError("the volume of this overlay has a writer already");
  written.set(overlay, offsets.add(volumeOffset));
}
