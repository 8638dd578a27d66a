// SPDX-License-Identifier: MIT
import { type Assignment, isBegun } from "./assignment.ts";

/** A thread starts in a tenth of a second, on a very busy host in some: after a minute there is no hope for it. */
const START_LIMIT_MS = 60_000;

/** How often it is looked whether a thread has begun; most are done before that. */
const LOOK_MS = 250;

/** A timer of Node runs for 24 days at most; what may take longer has no limit. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Waits for a thread that takes too long over an assignment: the time counts from when it begins. */
export class Watchdog implements Disposable {
  readonly #assignment: Assignment<unknown>;
  readonly #limitMs: number;
  readonly #onHung: () => void;
  #timer: NodeJS.Timeout | undefined;
  #waitedMs = 0;
  #isHung = false;

  /** `onHung` is called once at most, and not after the watchdog is disposed. */
  constructor(assignment: Assignment<unknown>, limitMs: number, onHung: () => void) {
    this.#assignment = assignment;
    this.#limitMs = limitMs;
    this.#onHung = onHung;
    this.#waitForBegin();
  }

  get isHung(): boolean {
    return this.#isHung;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #waitForBegin(): void {
    this.#timer = setTimeout(() => {
      this.#waitedMs += LOOK_MS;
      if (isBegun(this.#assignment)) this.#waitForEnd();
      else if (this.#waitedMs >= START_LIMIT_MS) this.#giveUp();
      else this.#waitForBegin();
    }, LOOK_MS);
  }

  #waitForEnd(): void {
    if (this.#limitMs <= TIMER_MS_MAX) this.#timer = setTimeout(() => this.#giveUp(), this.#limitMs);
  }

  #giveUp(): void {
    this.#isHung = true;
    this.#onHung();
  }
}
