// SPDX-License-Identifier: MIT
import type { BatchEvent } from "../batch/index.ts";
import { BatchPace } from "./batch-pace.ts";
import { type BatchState, batchBar, batchSentence } from "./batch-state.ts";
import { type Context, wantsProgress } from "./context.ts";
import type { Output } from "./output.ts";
import { HOST_TICKER, type Ticker } from "./ticker.ts";

/** Back to the first column, and the line emptied (ECMA-48 EL). */
const CLEAR_LINE = "\r\x1b[K";

/** A person sees no more than this many pictures a second, and drawing them takes time from the audit. */
const BAR_PERIOD_MS = 100;

/** A log gets a line so often: runs that are over sooner leave no line in it. */
const SENTENCE_PERIOD_MS = 10_000;

/** Width of a terminal that does not tell it. */
const TERMINAL_WIDTH = 80;

/**
 * How far a batch is, on stderr: on a terminal one line with a bar that is drawn again and again and is gone at the end,
 * elsewhere a plain line every ten seconds, and one at the end where there was any before.
 */
export class BatchProgress {
  readonly #output: Output;
  readonly #isDrawn: boolean;
  readonly #periodMs: number;
  readonly #ticker: Ticker;
  readonly #pace: BatchPace;
  readonly #startMs: number;
  readonly #stopTicking: () => void;
  #state: BatchState = { done: 0, total: 0, outdated: 0, missing: 0, errors: 0 };
  #shownMs: number;
  #isShown = false;
  #wasTold = false;
  #isOver = false;

  constructor(context: Pick<Context, "env" | "stderr">, ticker: Ticker = HOST_TICKER) {
    this.#output = context.stderr;
    this.#isDrawn = wantsProgress(context);
    this.#periodMs = this.#isDrawn ? BAR_PERIOD_MS : SENTENCE_PERIOD_MS;
    this.#ticker = ticker;
    this.#startMs = ticker.now();
    this.#shownMs = this.#startMs;
    this.#pace = new BatchPace(this.#startMs);
    this.#stopTicking = ticker.every(this.#periodMs, () => this.#showIfDue());
  }

  hear(event: BatchEvent): void {
    if (event.event === "start") this.#state = { ...this.#state, total: event.images };
    if (event.event === "image-end") this.#count(event);
    this.#showIfDue();
  }

  /** Takes the line away, so that something else can be written to stderr; the next event brings it back. */
  clear(): void {
    if (this.#isShown) void this.#output.write(CLEAR_LINE);
    this.#isShown = false;
  }

  /** Takes the line away for good; a log that has lines gets the last one. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTicking();
    this.clear();
    if (this.#wasTold) this.#tell({ elapsedMs: this.#ticker.now() - this.#startMs });
  }

  #count({ outcome }: Extract<BatchEvent, { event: "image-end" }>): void {
    const { done, total, outdated, missing, errors } = this.#state;
    const count = (status: string) => outcome.guests.filter((guest) => guest.status === status).length;
    this.#state = {
      done: done + 1,
      total,
      outdated: outdated + count("outdated"),
      missing: missing + count("missing"),
      errors: errors + (outcome.error === null ? 0 : 1),
    };
  }

  #showIfDue(): void {
    const now = this.#ticker.now();
    // A single image is over before anybody could read of it.
    if (now - this.#shownMs < this.#periodMs || this.#state.total <= 1) return;
    this.#shownMs = now;
    const pace = this.#pace.measure(this.#state, now);
    if (!this.#isDrawn) {
      this.#wasTold = true;
      this.#tell(pace);
      return;
    }
    const width = (this.#output.columns ?? TERMINAL_WIDTH) - 1;
    this.#isShown = true;
    // Whoever tells of an event does not wait; a terminal takes a line at once.
    void this.#output.write(`${CLEAR_LINE}${batchBar(this.#state, pace, width)}`);
  }

  #tell(pace: Parameters<typeof batchSentence>[1]): void {
    void this.#output.write(`vmguest: ${batchSentence(this.#state, pace)}\n`);
  }
}
