// SPDX-License-Identifier: MIT
import { isMainThread, type MessagePort } from "node:worker_threads";
import { type Code, VmguestError } from "../../errors.ts";
import { checkRange, type Origin } from "../byte-source.ts";
import type { FileSourceOptions } from "../file-source.ts";
import type { ImageFile } from "../image-file.ts";
import { type Backing, PageCache, type PageCacheOptions } from "../page-cache.ts";
import { shownUrl } from "./image-url.ts";
import { HEAD_BYTES, type OpenedObject } from "./messages.ts";
import { RemoteCaller } from "./remote-caller.ts";

/** A request costs as much as many bytes (docs/decisions/0001), so that pages are larger than those of files. */
const PAGE_SIZE_BYTES = HEAD_BYTES;

/** What one request asks for at most; so much of it is in the memory of the thread that makes the requests. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;

/** A read of cached pages looks at the clock once in so many. */
const READS_PER_TIME_CHECK = 4096;

/**
 * Opens an image on a web server, for a thread that may wait: each read of bytes that are not cached asks through `port`,
 * which `RemoteAccess.connect` made, and blocks until they are here. `url` may be the URL as it is shown: the port knows
 * the whole one.
 *
 * Throws USAGE on the main thread, whose event loop must not stand still, and the REMOTE_ codes.
 */
export function openRemoteImage(url: string, port: MessagePort, options: FileSourceOptions = {}): ImageFile {
  if (isMainThread) {
    const message = "images on web servers are read in a worker thread, because reading them blocks it";
    throw new VmguestError("USAGE", message, { image: shownUrl(url) });
  }
  const caller = new RemoteCaller(port, shownUrl(url), options);
  try {
    return new RemoteImage(caller, caller.open(), options, []);
  } catch (error) {
    caller.close();
    throw error;
  }
}

const NOT_ALLOWED: ReadonlySet<Code> = new Set<Code>(["REMOTE_FORBIDDEN", "REMOTE_UNAUTHORIZED"]);

class RemoteImage implements ImageFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly identity: string;
  readonly modifiedMs: number;
  readonly #caller: RemoteCaller;
  readonly #backing: RemoteBacking;
  readonly #cache: PageCache;
  readonly #options: FileSourceOptions;
  /** Parts of its path from the folder of the image; none for the image itself. */
  readonly #parts: readonly string[];
  #readsUntilTimeCheck = READS_PER_TIME_CHECK;

  constructor(
    caller: RemoteCaller,
    opened: OpenedObject,
    options: FileSourceOptions,
    parts: readonly string[],
  ) {
    this.path = opened.path;
    this.sizeBytes = opened.sizeBytes;
    this.identity = opened.identity;
    this.modifiedMs = opened.modifiedMs;
    this.#caller = caller;
    this.#options = options;
    this.#parts = parts;
    this.#backing = new RemoteBacking(caller, opened);
    this.#cache = new PageCache(this.#backing, { pageSizeBytes: PAGE_SIZE_BYTES, ...options });
  }

  read(offset: number, length: number): DataView {
    if (--this.#readsUntilTimeCheck === 0) {
      this.#readsUntilTimeCheck = READS_PER_TIME_CHECK;
      this.#options.budget?.check();
    }
    return this.#cache.read(offset, length);
  }

  originOf(offset: number, length: number): Origin {
    checkRange("the file", this.sizeBytes, offset, length);
    return { file: this.path, offset };
  }

  checkUnchanged(): void {
    this.#backing.checkUnchanged();
  }

  openBeside(parts: readonly string[], options: PageCacheOptions): ImageFile | undefined {
    const full = [...this.#parts.slice(0, -1), ...parts];
    try {
      return new RemoteImage(
        this.#caller,
        this.#caller.openSibling(full),
        { ...this.#options, ...options },
        full,
      );
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      if (error.code === "REMOTE_NOT_FOUND") return undefined;
      if (!NOT_ALLOWED.has(error.code)) throw error;
      // A URL that is signed for one object says nothing of the others; neither would a new one.
      const message = `its parent beside it may not be read: ${error.message}`;
      throw new VmguestError("REMOTE_PARENT", message, error.where, { cause: error });
    }
  }

  /** The port goes with the image; its parents were opened through the same one. */
  close(): void {
    if (this.#parts.length === 0) this.#caller.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** One object on a server, read through the other thread. */
class RemoteBacking implements Backing {
  readonly sizeBytes: number;
  readonly #caller: RemoteCaller;
  readonly #object: number;
  readonly #head: Uint8Array;
  /** What went wrong once is wrong for good: each further read would only wait as long again. */
  #failure: unknown;

  constructor(caller: RemoteCaller, { object, sizeBytes, head }: OpenedObject) {
    this.sizeBytes = sizeBytes;
    this.#caller = caller;
    this.#object = object;
    this.#head = head;
  }

  readInto(target: Uint8Array, offset: number): void {
    if (offset + target.length <= this.#head.length) {
      target.set(this.#head.subarray(offset, offset + target.length));
      return;
    }
    for (let done = 0; done < target.length; done += REQUEST_BYTES_MAX) {
      const length = Math.min(REQUEST_BYTES_MAX, target.length - done);
      target.set(this.#fetch(offset + done, length), done);
    }
  }

  /** Asks for one byte: the answer is checked as any other is. */
  checkUnchanged(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.sizeBytes > 0) this.#fetch(0, 1);
  }

  #fetch(offset: number, length: number): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#caller.read(this.#object, offset, length);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}
