// SPDX-License-Identifier: MIT
import { type Context, type SignalSource, STOP_SIGNALS, type StopSignal } from "../../context.ts";

/**
 * Hears the first signal that would end the process, so that what runs can be stopped and said to be; another one ends
 * the process as ever, since nothing that is only read can be left half done.
 */
export class StopRequest implements Disposable {
  readonly #source: SignalSource;
  readonly #controller = new AbortController();
  readonly #listener = (signal: StopSignal) => this.#receive(signal);
  #signal: StopSignal | undefined;

  constructor({ signals }: Pick<Context, "signals">) {
    this.#source = signals;
    for (const signal of STOP_SIGNALS) this.#source.on?.(signal, this.#listener);
  }

  /** Is aborted when the signal comes. */
  get abortSignal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The signal that came. */
  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  [Symbol.dispose](): void {
    for (const signal of STOP_SIGNALS) this.#source.off?.(signal, this.#listener);
  }

  #receive(signal: StopSignal): void {
    this[Symbol.dispose]();
    this.#signal = signal;
    this.#controller.abort();
  }
}
