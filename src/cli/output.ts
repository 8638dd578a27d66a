// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** As much of `process.stdout` as a command needs. */
export interface OutputStream {
  write(chunk: string | Uint8Array, done: (error?: Error | null) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
}

/**
 * A stream that is waited for, and whose reader may leave: `vmguest audit fleet | head -3`.
 *
 * Where the stream takes no more for another reason, such as a full disk, what is essential throws; messages get lost,
 * since there is no other place to tell of it, and the exit code says what they would have said.
 */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: OutputStream;
  readonly #isEssential: boolean;
  #hasReader = true;

  constructor(stream: OutputStream, isEssential = true) {
    this.#stream = stream;
    this.#isEssential = isEssential;
    this.isTerminal = stream.isTTY === true;
    // The callback of write() has the error already; without a listener, the event would end the process.
    stream.on("error", () => {});
  }

  /** How wide the terminal is now: a window may be made smaller meanwhile. */
  get columns(): number | undefined {
    // A terminal that nobody has told its width says 0.
    return this.#stream.columns === 0 ? undefined : this.#stream.columns;
  }

  /** False once the reader has closed its end: what is written then goes nowhere, and that is no error. */
  get hasReader(): boolean {
    return this.#hasReader;
  }

  /** Resolves when the chunk has been handed over. Throws IO_WRITE where an essential stream cannot take it. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (!this.#hasReader || chunk.length === 0) return;
    const error = await new Promise<Error | null | undefined>((resolve) => {
      this.#stream.write(chunk, resolve);
    });
    if (error === null || error === undefined) return;
    const code = (error as NodeJS.ErrnoException).code;
    if (this.#isEssential && code !== "EPIPE" && code !== "ERR_STREAM_DESTROYED") {
      throw new VmguestError("IO_WRITE", `the output could not be written (${code})`, {}, { cause: error });
    }
    this.#hasReader = false;
  }

  /** Writes pieces of text, several at a time. */
  async writeAll(pieces: Iterable<string>): Promise<void> {
    let text = "";
    for (const piece of pieces) {
      text += piece;
      if (text.length < TEXT_LENGTH_OF_ONE_WRITE) continue;
      await this.write(text);
      text = "";
      if (!this.#hasReader) return;
    }
    await this.write(text);
  }
}

/** A system call for each line would take longer than finding what is in it. */
const TEXT_LENGTH_OF_ONE_WRITE = 64 * 1024;
