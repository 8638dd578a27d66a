// SPDX-License-Identifier: MIT
import { makeVisible } from "../report/index.ts";
import { type Context, wantsProgress } from "./context.ts";
import type { Output } from "./output.ts";

/** Back to the first column, and the line emptied (ECMA-48 EL). */
const CLEAR_LINE = "\r\x1b[K";

/** One line on stderr that says which image is being read, for a person who watches; nothing for anybody else. */
export class Progress {
  readonly #output: Output | undefined;
  /** How many steps there will be; undefined where nobody knows. */
  readonly #total: number | undefined;
  #done = 0;
  #isShown = false;

  private constructor(output: Output | undefined, total: number | undefined) {
    this.#output = output;
    this.#total = total;
  }

  /** Progress through `total` steps. A single one is over before anybody could read it. */
  static of(context: Context, total: number): Progress {
    return new Progress(total > 1 && wantsProgress(context) ? context.stderr : undefined, total);
  }

  /** Progress through steps that are counted while they are made. */
  static open(context: Context): Progress {
    return new Progress(wantsProgress(context) ? context.stderr : undefined, undefined);
  }

  /** Shows the name of the next step. */
  show(name: string): void {
    this.#done++;
    const place = this.#total === undefined ? `${this.#done}` : `${this.#done}/${this.#total}`;
    this.#print(`${CLEAR_LINE}[${place}] ${makeVisible(name)}`);
  }

  /** Shows what is going on, in a line that counts nothing. */
  tell(text: string): void {
    this.#print(`${CLEAR_LINE}${makeVisible(text)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isShown) this.#print(CLEAR_LINE);
    this.#isShown = false;
  }

  #print(text: string): void {
    if (this.#output === undefined) return;
    this.#isShown = true;
    const room = (this.#output.columns ?? 80) + CLEAR_LINE.length - 1;
    // Steps are synchronous: nobody could wait for the write, and a terminal takes it at once.
    void this.#output.write(text.slice(0, room));
  }
}
