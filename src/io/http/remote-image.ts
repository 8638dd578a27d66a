// SPDX-License-Identifier: MIT
import { isMainThread, type MessagePort } from "node:worker_threads";
import { VmguestError } from "../../errors.ts";
import { checkRange, type Origin } from "../byte-source.ts";
import type { FileSourceOptions } from "../file-source.ts";
import type { ImageFile } from "../image-file.ts";
import { type Backing, PageCache } from "../page-cache.ts";
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
    return new RemoteImage(caller, caller.open(), options);
  } catch (error) {
    caller.close();
    throw error;
  }
}

class RemoteImage implements ImageFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly identity: string;
  readonly modifiedMs: number;
  readonly #caller: RemoteCaller;
  readonly #backing: RemoteBacking;
  readonly #cache: PageCache;
  readonly #options: FileSourceOptions;
  #readsUntilTimeCheck = READS_PER_TIME_CHECK;

  constructor(caller: RemoteCaller, opened: OpenedObject, options: FileSourceOptions) {
    this.path = opened.path;
    this.sizeBytes = opened.sizeBytes;
    this.identity = opened.identity;
    this.modifiedMs = opened.modifiedMs;
    this.#caller = caller;
    this.#options = options;
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

  close(): void {
    this.#caller.close();
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
