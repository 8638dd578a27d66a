// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** What reading an image may cost. */
export interface ReadLimits {
  readonly seconds: number;
  /** Bytes fetched from the image file; what comes from the page cache costs nothing. */
  readonly bytes: number;
  /** Bytes of memory that may be held meanwhile, as the meter counts them; no limit where not given. */
  readonly memoryBytes?: number;
}

/** What a budget measures with; io has no clock of its own. */
export interface Meter {
  /** Milliseconds that never go back (`performance.now`). */
  now(): number;
  /** Bytes of memory that are held: by the process, or by what else the limit is for. */
  memoryBytes(): number;
}

/** Asking for the memory takes longer than a small read, so only every so many questions is it asked for. */
const MEMORY_INTERVAL = 64;

/**
 * Keeps one image from holding up all others, whatever it is that makes it slow: its storage, or what it says.
 *
 * Every reader passes through the files at the bottom, so they ask it: before each fetch, and now and then where a
 * reader goes round and round in cached pages. One budget serves all files of one image, and what it has refused once
 * it refuses for good.
 */
export class ReadBudget {
  readonly #limits: ReadLimits;
  readonly #meter: Meter;
  readonly #startMs: number;
  #bytesLeft: number;
  #questions = 0;
  #refusal: VmguestError | undefined;

  /** The time runs from now on. */
  constructor(limits: ReadLimits, meter: Meter) {
    this.#limits = limits;
    this.#meter = meter;
    this.#startMs = meter.now();
    this.#bytesLeft = limits.bytes;
  }

  /** The error with which the first read was refused; undefined while none was. */
  get refusal(): VmguestError | undefined {
    return this.#refusal;
  }

  /** How long a read may wait for its bytes, in milliseconds; none or less where the time is over. */
  get timeLeftMs(): number {
    return this.#limits.seconds * 1000 - (this.#meter.now() - this.#startMs);
  }

  /** Throws READ_LIMIT where `byteCount` more bytes, or any more time or memory, are more than the limits allow. */
  spend(byteCount: number): void {
    this.check();
    this.#bytesLeft -= byteCount;
    if (this.#bytesLeft < 0)
      this.#refuse(`more than ${this.#limits.bytes} bytes of it would have to be read`);
  }

  /** The same for time and memory alone. */
  check(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { seconds, memoryBytes } = this.#limits;
    if (this.#meter.now() - this.#startMs > seconds * 1000)
      this.#refuse(`reading it took more than ${seconds} s`);
    if (memoryBytes === undefined || this.#questions++ % MEMORY_INTERVAL !== 0) return;
    if (this.#meter.memoryBytes() > memoryBytes)
      this.#refuse(`more than ${memoryBytes} bytes of memory were held meanwhile`);
  }

  #refuse(message: string): never {
    this.#refusal = new VmguestError("READ_LIMIT", message);
    throw this.#refusal;
  }
}
