// SPDX-License-Identifier: MIT
import { closeSync, openSync, readSync } from "node:fs";
import { VmguestError } from "../errors.ts";
import type { Context } from "./context.ts";

export interface InputFile {
  /** As it was named; `-` is what is typed or piped in, for {@link readInput}. */
  readonly path: string;
  /** What it is, for messages: "the policy file". */
  readonly noun: string;
  /** More than that is wrong usage, and is not read. */
  readonly sizeBytesMax: number;
}

/** Bytes that are read at a time. */
const CHUNK_SIZE = 64 * 1024;

/**
 * What a file of the host holds that an option names; it may be a pipe, as `<(find ...)` of a shell is. Throws
 * PATH_NOT_FOUND, IO_OPEN, IO_READ, and USAGE where it is too large.
 */
export function readInputFile(file: InputFile): Uint8Array {
  const descriptor = attempt("IO_OPEN", file, () => openSync(file.path, "r"));
  try {
    const chunks = new BoundedChunks(file);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_SIZE);
      const length = attempt("IO_READ", file, () => readSync(descriptor, chunk));
      if (length === 0) return chunks.whole();
      chunks.add(chunk.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The same, where `-` stands for stdin. */
export async function readInput(file: InputFile, { stdin }: Pick<Context, "stdin">): Promise<Uint8Array> {
  if (file.path !== "-") return readInputFile(file);
  const chunks = new BoundedChunks(file);
  try {
    for await (const chunk of stdin ?? []) {
      chunks.add(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    }
  } catch (error) {
    if (error instanceof VmguestError) throw error;
    throw unreadable("IO_READ", file, error);
  }
  return chunks.whole();
}

/** Bytes that come in pieces, as many as there may be. */
class BoundedChunks {
  readonly #file: InputFile;
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(file: InputFile) {
    this.#file = file;
  }

  add(chunk: Uint8Array): void {
    const { path, noun, sizeBytesMax } = this.#file;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > sizeBytesMax) {
      throw new VmguestError("USAGE", `${noun} has more than ${sizeBytesMax} bytes`, { image: path });
    }
    this.#chunks.push(chunk);
  }

  whole(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

function attempt<T>(code: "IO_OPEN" | "IO_READ", file: InputFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(code, file, error);
  }
}

function unreadable(code: "IO_OPEN" | "IO_READ", { path, noun }: InputFile, error: unknown): VmguestError {
  const systemCode = (error as NodeJS.ErrnoException).code ?? String(error);
  if (systemCode === "ENOENT" || systemCode === "ENOTDIR") {
    return new VmguestError("PATH_NOT_FOUND", `${noun} is not there`, { image: path });
  }
  const message = `${noun} could not be read (${systemCode})`;
  return new VmguestError(code, message, { image: path }, { cause: error });
}
