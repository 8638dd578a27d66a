// SPDX-License-Identifier: MIT
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageReport } from "../audit/index.ts";
import { VmguestError } from "../errors.ts";

/** How much of a spool stays in memory. */
export interface ReportSpoolOptions {
  /** How much text is kept in memory; what comes behind it goes to a file. 32 MiB where not given. */
  readonly memoryBytes?: number;
}

const MEMORY_BYTES = 32 * 1024 * 1024;

/** Texts go to the file in pieces of about this size. */
const BUFFER_BYTES = 1024 * 1024;

/**
 * The reports of any number of images, for a report that is written once all of them are known: kept as the texts that
 * they are, in memory and beyond a limit in a temporary file, and parsed one by one as often as they are gone through.
 *
 * The file has no name from its first byte on wherever the host allows that, so that nothing of it stays whatever ends
 * the process. Close it after use (or `using`).
 */
export class ReportSpool implements Iterable<ImageReport>, Disposable {
  readonly #memoryBytes: number;
  readonly #texts: string[] = [];
  #textBytes = 0;
  #file: SpoolFile | undefined;

  constructor({ memoryBytes = MEMORY_BYTES }: ReportSpoolOptions = {}) {
    this.#memoryBytes = memoryBytes;
  }

  /** How many there are. */
  get count(): number {
    return this.#texts.length + (this.#file?.count ?? 0);
  }

  /** Adds a report as JSON. Throws IO_WRITE where the temporary file has no room for it. */
  add(json: string): void {
    if (this.#file === undefined && this.#textBytes + json.length <= this.#memoryBytes) {
      this.#textBytes += json.length;
      this.#texts.push(json);
      return;
    }
    this.#file ??= new SpoolFile();
    this.#file.add(json);
  }

  /** The reports as JSON, in the order in which they were added. */
  *texts(): Generator<string> {
    yield* this.#texts;
    if (this.#file !== undefined) yield* this.#file.texts();
  }

  *[Symbol.iterator](): Generator<ImageReport> {
    for (const text of this.texts()) yield JSON.parse(text);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#texts.length = 0;
    this.#textBytes = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Texts behind each other in a temporary file. */
class SpoolFile {
  readonly #folder: string;
  readonly #descriptor: number;
  /** Bytes of each text. */
  readonly #sizes: number[] = [];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Where the file ends. */
  #end = 0;

  constructor() {
    this.#folder = attempt(() => mkdtempSync(join(tmpdir(), "vmguest-reports-")));
    this.#descriptor = attempt(() => openSync(join(this.#folder, "reports"), "wx+", 0o600));
    this.#removeName();
  }

  get count(): number {
    return this.#sizes.length;
  }

  add(text: string): void {
    const bytes = Buffer.from(text);
    this.#sizes.push(bytes.length);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= BUFFER_BYTES) this.#flush();
  }

  *texts(): Generator<string> {
    this.#flush();
    let position = 0;
    for (const size of this.#sizes) {
      yield this.#read(position, size).toString();
      position += size;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#removeName();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let done = 0; done < bytes.length; ) {
      done += attempt(() => writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#end + done));
    }
    this.#end += bytes.length;
  }

  #read(position: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let done = 0; done < size; ) {
      const count = attempt(() => readSync(this.#descriptor, bytes, done, size - done, position + done));
      if (count === 0) throw new VmguestError("IO_READ", "a temporary file has become shorter");
      done += count;
    }
    return bytes;
  }

  /** A host that keeps the names of open files, as Windows may, gets rid of it when the file is closed. */
  #removeName(): void {
    try {
      rmSync(this.#folder, { recursive: true, force: true });
    } catch {
      // It is tried again when the file is closed; after that, it is the host's to clear its folder of temporary files.
    }
  }
}

/** What a system call on the temporary file gives; its failure as an error that says which folder it was in. */
function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `reports could not be kept in a temporary file: ${reason}`;
    throw new VmguestError("IO_WRITE", message, { image: tmpdir() }, { cause: error });
  }
}
