// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { isImageName } from "../discover.ts";
import { systemCodeOf } from "../named-path.ts";
import { Compaction } from "./compaction.ts";
import { indexRecords, lineReader, type ReadLine, type RecordIndex, readRecord } from "./record-index.ts";
import { HEADER_LINE, LINE_SIZE_MAX, makeLine } from "./record-line.ts";

export interface RecordFileOptions {
  /** Names the tool whose records count, in 8 digits. */
  readonly tool: string;
  /** Hears, once, why nothing more is written. */
  readonly onProblem?: ((problem: Finding) => void) | undefined;
  /** How long the file may become; 4 GiB where not given, which is half a million reports. */
  readonly sizeMaxBytes?: number | undefined;
}

const SIZE_MAX_BYTES = 4 * 1024 ** 3;

/** Less than this is not worth the trouble of being won back. */
const GARBAGE_SIZE_MIN = 256 * 1024;
/** The parts of a file from which on it is rewritten: of it as it is, and of what it may become. */
const MOSTLY_GARBAGE = 0.5;
const FULL = 0.75;

/**
 * A file of records that several runs may read and append to at once (docs/cache.md). Each has a key; of those with the
 * same key the last one counts. Close it after use (or `using`).
 *
 * Nothing in the file is trusted: what is not a whole record with a right checksum is not there.
 */
export class RecordFile implements Disposable {
  readonly #path: string;
  readonly #options: RecordFileOptions;
  readonly #descriptor: number;
  readonly #index: RecordIndex;
  /** Made for the first record that is read. */
  #readLine: ReadLine | undefined;
  /** Whether the host lets the file be written to. */
  readonly #isWritable: boolean;
  #sizeBytes: number;
  #garbageBytes: number;
  #isStopped: boolean;
  #isOpen = true;

  private constructor(
    { path, descriptor, isWritable }: Opened,
    index: RecordIndex,
    options: RecordFileOptions,
  ) {
    this.#path = path;
    this.#options = options;
    this.#descriptor = descriptor;
    this.#isWritable = isWritable;
    this.#isStopped = !isWritable;
    this.#index = index;
    this.#sizeBytes = index.sizeBytes;
    this.#garbageBytes = index.garbageBytes;
    if (!isWritable) this.#tell("it may only be read");
  }

  /**
   * Opens the file, or makes it, for its owner alone. Throws IO_OPEN where it cannot be opened, USAGE where it is named
   * like a disk image, and CACHE_FOREIGN where it holds something else. One that may not be written is read all the same.
   */
  static open(path: string, options: RecordFileOptions): RecordFile {
    if (isImageName(path))
      throw new VmguestError("USAGE", "the cache is named like a disk image", { image: path });
    const opened = openFile(path);
    try {
      checkHeader(opened);
      return new RecordFile(opened, indexRecords(opened.descriptor, options.tool), options);
    } catch (error) {
      closeSync(opened.descriptor);
      throw error instanceof VmguestError ? error : cannotOpen(path, error);
    }
  }

  /** The payload of the record with that key, as the file held it when it was opened; valid until the next one is asked for. */
  find(key: string): Buffer | undefined {
    const place = this.#index.places.get(key);
    if (place === undefined) return undefined;
    this.#readLine ??= lineReader(this.#descriptor, this.#index.sizeBytes);
    return readRecord(this.#readLine, place, { key, tool: this.#options.tool });
  }

  /**
   * Appends a record, in one write, so that those of other runs stay whole. False where it was not written: because it
   * is too large or has more than one line, or because of what `onProblem` was told.
   */
  append(key: string, payload: string): boolean {
    // A record is a line.
    if (this.#isStopped || payload.includes("\n")) return false;
    const line = makeLine(this.#options.tool, key, payload);
    if (line.length > LINE_SIZE_MAX) return false;
    if (this.#sizeBytes + line.length > this.#sizeMaxBytes)
      return this.#stop("it is as long as it may become");
    try {
      const count = writeSync(this.#descriptor, line);
      if (count !== line.length) return this.#stop("there is no space");
    } catch (error) {
      return this.#stop(systemCodeOf(error));
    }
    this.#sizeBytes += line.length;
    this.#garbageBytes += this.#index.places.get(key)?.sizeBytes ?? 0;
    return true;
  }

  /** Where most of the file is of no use any more, it is replaced by one without that. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { tool } = this.#options;
    const sizeMaxBytes = this.#sizeMaxBytes * MOSTLY_GARBAGE;
    const compaction = this.#wantsCompaction
      ? Compaction.of(this.#path, this.#descriptor, { tool, sizeMaxBytes })
      : undefined;
    closeSync(this.#descriptor);
    compaction?.replace();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #sizeMaxBytes(): number {
    return this.#options.sizeMaxBytes ?? SIZE_MAX_BYTES;
  }

  get #wantsCompaction(): boolean {
    if (!this.#isWritable) return false;
    const isFull = this.#sizeBytes > this.#sizeMaxBytes * FULL;
    return (
      isFull ||
      (this.#garbageBytes > GARBAGE_SIZE_MIN && this.#garbageBytes > this.#sizeBytes * MOSTLY_GARBAGE)
    );
  }

  /** After a failure nothing more is tried: a disk that is full would be asked a thousand times. */
  #stop(reason: string): false {
    this.#isStopped = true;
    this.#tell(reason);
    return false;
  }

  #tell(reason: string): void {
    const message = `the cache is not written to (${reason}); the audit goes on`;
    this.#options.onProblem?.(finding("CACHE_NOT_WRITTEN", message, { image: this.#path }));
  }
}

interface Opened {
  readonly path: string;
  readonly descriptor: number;
  readonly isWritable: boolean;
}

function openFile(path: string): Opened {
  // O_NONBLOCK: a named pipe must not stop the run before fstat can refuse it.
  const flags = constants.O_APPEND | constants.O_NONBLOCK;
  try {
    return {
      path,
      descriptor: openSync(path, constants.O_RDWR | constants.O_CREAT | flags, 0o600),
      isWritable: true,
    };
  } catch (error) {
    if (READ_ONLY.has(systemCodeOf(error)) && existsSync(path)) return openToRead(path);
    throw cannotOpen(path, error);
  }
}

function openToRead(path: string): Opened {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { path, descriptor, isWritable: false };
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** What the host says where a file may be read and not written. */
const READ_ONLY: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

function cannotOpen(path: string, error: unknown): VmguestError {
  const message = `the cache could not be opened (${systemCodeOf(error)})`;
  return new VmguestError("IO_OPEN", message, { image: path }, { cause: error });
}

/** Makes a file without bytes a cache; refuses one that holds anything else than a cache. */
function checkHeader({ path, descriptor, isWritable }: Opened): void {
  const status = fstatSync(descriptor);
  if (!status.isFile()) throw foreign(path, "it is no regular file");
  if (status.size === 0) {
    // Two runs may both come here: a header line further down is no record, and does no harm.
    if (isWritable) writeHeader(path, descriptor);
    return;
  }
  const bytes = Buffer.alloc(HEADER_LINE.length);
  const text = bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  if (text === HEADER_LINE) return;
  const isOfKin = text.startsWith(HEADER_LINE.slice(0, -"1\n".length));
  throw foreign(path, isOfKin ? "another version of vmguest keeps it" : "it holds something else");
}

function writeHeader(path: string, descriptor: number): void {
  try {
    writeSync(descriptor, HEADER_LINE);
    fsyncSync(descriptor);
  } catch (error) {
    const message = `the cache could not be written (${systemCodeOf(error)})`;
    throw new VmguestError("IO_WRITE", message, { image: path }, { cause: error });
  }
}

function foreign(path: string, reason: string): VmguestError {
  return new VmguestError("CACHE_FOREIGN", `the file cannot be the cache: ${reason}`, { image: path });
}
