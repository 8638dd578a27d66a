// SPDX-License-Identifier: MIT

/**
 * A wish to stop that reaches a thread while it works: a commit takes no events until it is over, so that a handler of
 * SIGINT has to be on another thread. One side makes the flag, hands `shared` over (`workerData`), and the other makes
 * its own of it.
 *
 * ```ts
 * const flag = new CancelFlag();
 * process.once("SIGINT", () => flag.cancel());
 * new Worker(entry, { workerData: { shared: flag.shared } });
 * // on the worker:
 * commitChanges(path, plan, { isCancelled: new CancelFlag(workerData.shared).isCancelled });
 * ```
 */
export class CancelFlag {
  /** The same memory for all threads that have it. */
  readonly shared: SharedArrayBuffer;
  readonly #word: Int32Array;

  constructor(shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#word = new Int32Array(shared);
  }

  cancel(): void {
    Atomics.store(this.#word, 0, 1);
  }

  /** To be passed on as it is. */
  readonly isCancelled = (): boolean => Atomics.load(this.#word, 0) !== 0;
}
