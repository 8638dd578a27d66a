// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { Places } from "./places.ts";
import type { HostProcess, Storage } from "./storage.ts";
import { StoredFile, translate } from "./stored-file.ts";

/** No name of a host is near that long. */
const MAX_LOCK_BYTES = 4096;

/** Whether a lock that somebody has left may be replaced. */
export interface LockOptions {
  /** Takes the place of a lock whose process has ended, or that says nothing; never of any other. */
  readonly replaceStaleLock?: boolean;
}

/** The lock file beside an image: whoever has made it may change the image. Release it after use (or `using`). */
export class ImageLock implements Disposable {
  readonly #storage: Storage;
  readonly #path: string;
  readonly #text: string;

  private constructor(storage: Storage, path: string, text: string) {
    this.#storage = storage;
    this.#path = path;
    this.#text = text;
  }

  /** Throws IMAGE_LOCKED, LOCK_STALE, and IO_WRITE where the folder cannot be written. */
  static take(
    storage: Storage,
    { lock: path }: Places,
    { replaceStaleLock = false }: LockOptions,
  ): ImageLock {
    const lock = new ImageLock(storage, path, JSON.stringify(storage.self()));
    if (lock.#create()) return lock;
    const text = readLock(storage, path);
    const owner = parseOwner(text);
    const isStale = owner === undefined || storage.isRunning(owner) === false;
    if (!isStale || !replaceStaleLock) throw refusal(path, owner, isStale);
    // Two that replace a lock at once may each remove what the other made; `check` tells the one that lost.
    if (readLock(storage, path) === text) translate("IO_WRITE", path, () => storage.remove(path));
    if (lock.#create()) return lock;
    throw refusal(path, parseOwner(readLock(storage, path)), false);
  }

  /** Throws IMAGE_LOCKED where the lock file is no longer this one's. To be asked right before the image is changed. */
  check(): void {
    const text = readLock(this.#storage, this.#path);
    if (text !== this.#text) throw refusal(this.#path, parseOwner(text), false);
  }

  release(): void {
    try {
      if (readLock(this.#storage, this.#path) === this.#text) this.#storage.remove(this.#path);
    } catch {
      // The work is done or has failed already, and a lock that stays is known by its process to be stale.
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #create(): boolean {
    using file = StoredFile.create(this.#storage, this.#path);
    if (file === undefined) return false;
    try {
      file.write(Buffer.from(this.#text), 0);
      // An empty lock after a power cut would not say that its owner has ended.
      file.flush();
    } catch (error) {
      // Only this call knows that the lock is its own while it does not say so.
      this.#removeOwn();
      throw error;
    }
    return true;
  }

  #removeOwn(): void {
    try {
      this.#storage.remove(this.#path);
    } catch {
      // What the caller throws says more.
    }
  }
}

function readLock(storage: Storage, path: string): string {
  using file = StoredFile.open(storage, path, "read");
  const length = Math.min(file.status().sizeBytes, MAX_LOCK_BYTES);
  return Buffer.from(file.readPadded(0, length)).toString("utf8");
}

/** The process that a lock file names, or undefined where it names none. */
function parseOwner(text: string): HostProcess | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Record<keyof HostProcess, unknown>>;
    if (typeof host !== "string" || typeof started !== "string" || !Number.isSafeInteger(pid))
      return undefined;
    return { host, pid: pid as number, started };
  } catch {
    // A power cut may leave an empty file or zeros.
    return undefined;
  }
}

function refusal(path: string, owner: HostProcess | undefined, isStale: boolean): VmguestError {
  const who = owner === undefined ? "nobody" : `process ${owner.pid} on host ${JSON.stringify(owner.host)}`;
  const message = isStale ? `the lock file names ${who}, who does not run` : `the lock file names ${who}`;
  return new VmguestError(isStale ? "LOCK_STALE" : "IMAGE_LOCKED", message, { image: path });
}
