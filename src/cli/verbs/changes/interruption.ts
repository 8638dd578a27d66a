// SPDX-License-Identifier: MIT
import { CancelFlag } from "../../../io/commit/index.ts";
import { type Context, type SignalSource, STOP_SIGNALS, type StopSignal } from "../../context.ts";
import type { Output } from "../../output.ts";

const SAID =
  "stopping: what has been written is taken back or, where the guest is being armed already, finished; please wait";

/**
 * Holds back what would end the process while an image is written: the first signal asks the change to stop, and the
 * change says how it ended; more of them change nothing, since only a sound image may be left behind.
 */
export class Interruption implements Disposable {
  /** What stops the change. */
  readonly flag = new CancelFlag();
  readonly #source: SignalSource;
  readonly #stderr: Output;
  readonly #answer: string;
  readonly #listener = (signal: StopSignal) => this.#receive(signal);
  #signal: StopSignal | undefined;

  private constructor({ signals, stderr }: Context, answer: string) {
    this.#source = signals;
    this.#stderr = stderr;
    this.#answer = answer;
    for (const signal of STOP_SIGNALS) this.#source.on?.(signal, this.#listener);
  }

  /** Signals reach the process again as ever once this is disposed. `answer` is what somebody who sends one is told. */
  static watch(context: Context, answer: string = SAID): Interruption {
    return new Interruption(context, answer);
  }

  /** The first signal that came. */
  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  [Symbol.dispose](): void {
    for (const signal of STOP_SIGNALS) this.#source.off?.(signal, this.#listener);
  }

  #receive(signal: StopSignal): void {
    this.#signal ??= signal;
    this.flag.cancel();
    void this.#stderr.write(`\nvmguest: ${this.#answer}\n`);
  }
}
