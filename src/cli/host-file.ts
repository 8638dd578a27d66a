// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { VmguestError } from "../errors.ts";

export interface HostFileOptions {
  /** Files that are read: the file must be none of them. */
  readonly inputs: readonly string[];
  /** Files that are written too, and may not be there yet: the file must be none of them either. */
  readonly outputs?: readonly string[];
  /** Fails where the file exists, even as a link. */
  readonly isNew?: boolean;
}

/** A file of the host that a command writes. It keeps what it held until the first byte is written. */
export class HostFile implements Disposable {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #isNew: boolean;
  /** Whether there was no such file before. */
  readonly #isOurs: boolean;
  #isEmptied = false;

  private constructor(path: string, descriptor: number, how: { isNew: boolean; isOurs: boolean }) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#isNew = how.isNew;
    this.#isOurs = how.isOurs;
  }

  /** Throws IO_WRITE where the file cannot be opened, and USAGE where it exists but must not, or is one of the others. */
  static open(path: string, { inputs, outputs = [], isNew = false }: HostFileOptions): HostFile {
    const flags = constants.O_WRONLY | constants.O_CREAT | (isNew ? constants.O_EXCL : 0);
    const isOurs = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }) === undefined);
    const descriptor = attempt(path, () => openSync(path, flags, 0o666));
    const file = new HostFile(path, descriptor, { isNew, isOurs });
    // Looking at a hundred thousand inputs takes time, and a file that was not there is none of them.
    const isInput = !isOurs && inputs.some((input) => file.#is(input));
    if (!isInput && !outputs.some((output) => file.#is(output))) return file;
    file.close();
    const others = isInput ? "one of the files to be read" : "another one that is to be written";
    throw new VmguestError("USAGE", `the file to be written is ${others}`, { image: path });
  }

  /** Replaces what the file holds. */
  writeAll(chunks: Iterable<Uint8Array>): void {
    try {
      for (const chunk of chunks) this.append(chunk);
      this.#empty();
    } catch (error) {
      // Half a copy under the right name would be taken for the whole.
      if (this.#isNew) unlinkSync(this.#path);
      throw error;
    }
  }

  /** Adds to what was written; the first bytes take the place of what the file held. */
  append(chunk: Uint8Array): void {
    this.#empty();
    attempt(this.#path, () => {
      for (let done = 0; done < chunk.byteLength; ) done += writeSync(this.#descriptor, chunk, done);
    });
  }

  /** A file that nothing was written to, not even that it is empty, is gone again unless it was there before. */
  close(): void {
    closeSync(this.#descriptor);
    if (this.#isOurs && !this.#isEmptied) rmSync(this.#path, { force: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #empty(): void {
    if (this.#isEmptied) return;
    this.#isEmptied = true;
    attempt(this.#path, () => {
      if (fstatSync(this.#descriptor).isFile()) ftruncateSync(this.#descriptor);
    });
  }

  #is(path: string): boolean {
    const found = statusOf(path);
    const own = fstatSync(this.#descriptor);
    return found !== undefined && found.dev === own.dev && found.ino === own.ino;
  }
}

/** What cannot be looked at by this name cannot be read by it either; whoever reads it says why. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST") {
      throw new VmguestError("USAGE", "the file exists already; --force overwrites it", { image: path });
    }
    throw new VmguestError(
      "IO_WRITE",
      `the file could not be written (${code})`,
      { image: path },
      { cause: error },
    );
  }
}
