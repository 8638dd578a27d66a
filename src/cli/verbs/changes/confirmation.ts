// SPDX-License-Identifier: MIT
import { createInterface, type Interface } from "node:readline";
import { VmguestError } from "../../../errors.ts";
import { makeVisible } from "../../../report/index.ts";
import { type Context, canAsk } from "../../context.ts";

/** Whether the user wants each image written: asked one by one on a terminal, or said beforehand with `--yes`. */
export class Confirmation implements Disposable {
  readonly #context: Context;
  readonly #isGiven: boolean;
  #lines: Interface | undefined;
  #answers: AsyncIterator<string> | undefined;

  private constructor(context: Context, isGiven: boolean) {
    this.#context = context;
    this.#isGiven = isGiven;
  }

  /** Throws USAGE where `--yes` is not given and nobody can be asked: then nothing should even begin. */
  static of(context: Context, isGiven: boolean): Confirmation {
    if (isGiven || canAsk(context)) return new Confirmation(context, isGiven);
    const message = "there is no terminal to ask on whether to write to the image: --yes says so beforehand";
    throw new VmguestError("USAGE", message);
  }

  /** Whether questions are asked, so that what they are about has to be shown before. */
  get isAsking(): boolean {
    return !this.#isGiven;
  }

  /** `question` names the image; anything but a yes is a no. */
  async ask(question: string): Promise<boolean> {
    if (this.#isGiven) return true;
    const { stderr } = this.#context;
    await stderr.write(`${makeVisible(question)} [y/N] `);
    const { value } = await this.#read().next();
    // At the end of the input nobody has ended the line of the question.
    if (typeof value !== "string") await stderr.write("\n");
    return typeof value === "string" && /^\s*y(es)?\s*$/i.test(value);
  }

  [Symbol.dispose](): void {
    this.#lines?.close();
  }

  #read(): AsyncIterator<string> {
    const { stdin: input } = this.#context;
    if (input === undefined) throw new VmguestError("INTERNAL", "nobody can be asked");
    // The terminal edits the line itself, and Ctrl-C ends the process: nothing is being written yet.
    this.#lines ??= createInterface({ input, terminal: false });
    this.#answers ??= this.#lines[Symbol.asyncIterator]();
    return this.#answers;
  }
}
