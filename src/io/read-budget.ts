// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** What reading an image may cost. */
export interface ReadLimits {
  readonly seconds: number;
  /** Bytes fetched from the image file; what comes from the page cache costs nothing. */
  readonly bytes: number;
}

/**
 * Keeps one image from holding up all others, whatever it is that makes it slow: its storage, or what it says.
 *
 * Every reader passes through the files at the bottom, so they ask it: before each fetch, and now and then where a
 * reader goes round and round in cached pages. One budget serves all files of one image, and what it has refused once
 * it refuses for good.
 */
export class ReadBudget {
  readonly #limits: ReadLimits;
  readonly #clock: () => number;
  readonly #startMs: number;
  #bytesLeft: number;
  #refusal: VmguestError | undefined;

  /** `clock` gives milliseconds that never go back (`performance.now`); the time runs from now on. */
  constructor(limits: ReadLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#startMs = clock();
    this.#bytesLeft = limits.bytes;
  }

  /** The error with which the first read was refused; undefined while none was. */
  get refusal(): VmguestError | undefined {
    return this.#refusal;
  }

  /** Throws READ_LIMIT where `byteCount` more bytes, or any more time, are more than the limits allow. */
  spend(byteCount: number): void {
    this.checkTime();
    this.#bytesLeft -= byteCount;
    if (this.#bytesLeft < 0)
      this.#refuse(`more than ${this.#limits.bytes} bytes of it would have to be read`);
  }

  /** The same for time alone. */
  checkTime(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { seconds } = this.#limits;
    if (this.#clock() - this.#startMs > seconds * 1000)
      this.#refuse(`reading it took more than ${seconds} s`);
  }

  #refuse(message: string): never {
    this.#refusal = new VmguestError("READ_LIMIT", message);
    throw this.#refusal;
  }
}
