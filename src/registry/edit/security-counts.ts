// SPDX-License-Identifier: MIT
import { SecurityNode } from "../layout.ts";
import type { CellSpace } from "./cell-space.ts";

/**
 * How many keys use each security descriptor.
 *
 * A count that is too high costs a few bytes for ever, one that is too low gives away a descriptor in use. So counts
 * are raised before anything else is written, and lowered when all else is done. They are known to be right before the
 * edit (admission.ts), so none can overflow: no hive has room for so many keys.
 */
export class SecurityCounts {
  readonly #space: CellSpace;
  readonly #givenUp = new Map<number, number>();

  constructor(space: CellSpace) {
    this.#space = space;
  }

  /** One more key uses the descriptor. */
  raise(descriptor: number): void {
    new SecurityNode(this.#space.edit(descriptor)).referenceCount += 1;
    this.#space.noteEarly(descriptor, SecurityNode.offsetOf.referenceCount, 4);
  }

  /** A key that used the descriptor is gone; `wasOwn` where this edit had made it. */
  lower(descriptor: number, wasOwn: boolean): void {
    if (wasOwn) new SecurityNode(this.#space.edit(descriptor)).referenceCount -= 1;
    else this.#givenUp.set(descriptor, (this.#givenUp.get(descriptor) ?? 0) + 1);
  }

  /** Lowers the counts, and takes descriptors that nothing uses out of the ring. */
  settle(): void {
    for (const [descriptor, count] of this.#givenUp) {
      const node = new SecurityNode(this.#space.edit(descriptor));
      node.referenceCount -= count;
      if (node.referenceCount > 0) continue;
      new SecurityNode(this.#space.edit(node.previous)).next = node.next;
      new SecurityNode(this.#space.edit(node.next)).previous = node.previous;
      // Two neighbours in two pages: an interrupted write leaves a ring that is open on one side.
      this.#space.noteTearable();
      this.#space.release(descriptor);
    }
    this.#givenUp.clear();
  }
}
