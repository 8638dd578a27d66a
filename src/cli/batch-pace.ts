// SPDX-License-Identifier: MIT

/** How fast a batch goes on. */
export interface Pace {
  /** Images a second; undefined where it is too early to tell. */
  readonly perSecond?: number | undefined;
  /** Until all are done, at that rate. */
  readonly leftMs?: number | undefined;
  /** Since the batch began, where that is worth telling. */
  readonly elapsedMs?: number | undefined;
}

/** What happened so long ago counts a third: images differ, and so does what else the storage has to do. */
const MEMORY_MS = 15_000;

/** Until threads have started and each has done an image or two, a rate would be of nothing but that. */
const START_MS = 2000;

/**
 * Measures the rate at which images are done, as an average in which what is long ago counts less and less: images and
 * milliseconds are both made to fade, so that the first measurement is as right as any.
 */
export class BatchPace {
  readonly #startMs: number;
  #atMs: number;
  #done = 0;
  #fadedImages = 0;
  #fadedMs = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
    this.#atMs = startMs;
  }

  measure({ done, total }: { readonly done: number; readonly total: number }, nowMs: number): Pace {
    const passedMs = nowMs - this.#atMs;
    const faded = Math.exp(-passedMs / MEMORY_MS);
    this.#fadedImages = this.#fadedImages * faded + (done - this.#done);
    this.#fadedMs = this.#fadedMs * faded + passedMs;
    this.#atMs = nowMs;
    this.#done = done;
    if (nowMs - this.#startMs < START_MS || done === 0 || this.#fadedImages <= 0 || this.#fadedMs <= 0)
      return {};
    const perMs = this.#fadedImages / this.#fadedMs;
    return { perSecond: perMs * 1000, leftMs: (total - done) / perMs };
  }
}
