// SPDX-License-Identifier: MIT
import { isImageName } from "../../../batch/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { HostFile } from "../../host-file.ts";
import type { Output } from "../../output.ts";

/** Where a report goes: all at once, or bit by bit. */
export interface ReportTarget extends Disposable {
  /** Whether it is a file, so that what it holds is not for the terminal alone. */
  readonly isFile: boolean;
  /** False once nobody reads what is written. */
  readonly isWanted: boolean;
  /** Resolves when it is handed over. */
  write(text: string): Promise<void>;
  /** The same for many pieces, small ones together. */
  writeAll(pieces: Iterable<string>): Promise<void>;
}

/**
 * The file that is named, or stdout. Throws USAGE where the file is one of `inputs`, one of the `outputs` that the command
 * has besides, or named like a disk image: a report must never take the place of a disk. The file keeps what it holds until the first byte of the report is written.
 */
export function openTarget(
  path: string | undefined,
  inputs: readonly string[],
  { stdout }: Context,
  outputs: readonly string[] = [],
): ReportTarget {
  if (path === undefined) return new StdoutTarget(stdout);
  if (isImageName(path)) {
    throw new VmguestError(
      "USAGE",
      `--output ${path} is named like a disk image, which a report would overwrite`,
    );
  }
  return new FileTarget(HostFile.open(path, { inputs, outputs }));
}

class StdoutTarget implements ReportTarget {
  readonly isFile = false;
  readonly #stdout: Output;

  constructor(stdout: Output) {
    this.#stdout = stdout;
  }

  get isWanted(): boolean {
    return this.#stdout.hasReader;
  }

  async write(text: string): Promise<void> {
    await this.#stdout.write(text);
  }

  async writeAll(pieces: Iterable<string>): Promise<void> {
    await this.#stdout.writeAll(pieces);
  }

  [Symbol.dispose](): void {}
}

/** A system call for each of the small pieces of a report would take longer than making them. */
const TEXT_LENGTH_OF_ONE_WRITE = 64 * 1024;

class FileTarget implements ReportTarget {
  readonly isFile = true;
  readonly isWanted = true;
  readonly #file: HostFile;

  constructor(file: HostFile) {
    this.#file = file;
  }

  async write(text: string): Promise<void> {
    this.#file.append(encode(text));
  }

  async writeAll(pieces: Iterable<string>): Promise<void> {
    this.#file.writeAll(chunksOf(pieces));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function* chunksOf(pieces: Iterable<string>): Generator<Uint8Array> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < TEXT_LENGTH_OF_ONE_WRITE) continue;
    yield encode(text);
    text = "";
  }
  yield encode(text);
}

const ENCODER = new TextEncoder();

function encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}
