// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import { describeSystemError } from "../file-source.ts";
import type { FileStatus, ForeignLock, OpenFile, Storage } from "./storage.ts";

/** A file of a storage, with whole reads and writes and with this library's errors. Close it after use (or `using`). */
export class StoredFile implements Disposable {
  readonly path: string;
  readonly #file: OpenFile;

  private constructor(path: string, file: OpenFile) {
    this.path = path;
    this.#file = file;
  }

  /** Throws IO_OPEN. */
  static open(storage: Storage, path: string, mode: "read" | "write"): StoredFile {
    return new StoredFile(
      path,
      translate("IO_OPEN", path, () => storage.open(path, mode)),
    );
  }

  /** A new file, or undefined where something has that name already. Throws IO_WRITE, HOST_SPACE. */
  static create(storage: Storage, path: string): StoredFile | undefined {
    return translate("IO_WRITE", path, () => {
      try {
        return new StoredFile(path, storage.open(path, "create"));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
        throw error;
      }
    });
  }

  status(): FileStatus {
    return translate("IO_READ", this.path, () => this.#file.status());
  }

  /** Locks that other programs hold on it. */
  locks(): readonly ForeignLock[] {
    return translate("IO_READ", this.path, () => this.#file.locks());
  }

  /** Exactly these bytes; IO_CHANGED where the file ends before them. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const count = this.#fill(bytes, offset);
    if (count === length) return bytes;
    throw new VmguestError("IO_CHANGED", "the file ends before what is to be read", {
      image: this.path,
      offset: offset + count,
    });
  }

  /** These bytes, zeros standing for what is past the end of the file. */
  readPadded(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#fill(bytes, offset);
    return bytes;
  }

  /** Throws IO_WRITE, HOST_SPACE. */
  write(bytes: Uint8Array, offset: number): void {
    translate("IO_WRITE", this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        const count = this.#file.write(bytes.subarray(done), offset + done);
        if (count <= 0) throw Object.assign(new Error("nothing was written"), { code: "EIO" });
        done += count;
      }
    });
  }

  /** Throws IO_WRITE, HOST_SPACE. */
  truncate(sizeBytes: number): void {
    translate("IO_WRITE", this.path, () => this.#file.truncate(sizeBytes));
  }

  /** Throws IO_WRITE, HOST_SPACE; what was written since the last flush may then be lost, whatever reads show. */
  flush(): void {
    translate("IO_WRITE", this.path, () => this.#file.flush());
  }

  close(): void {
    try {
      this.#file.close();
    } catch {
      // What matters was flushed, and a flush says what it could not write; the descriptor is gone in either case.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads up to the end of the file, and gives the number of bytes. */
  #fill(bytes: Uint8Array, offset: number): number {
    return translate("IO_READ", this.path, () => {
      let done = 0;
      while (done < bytes.length) {
        const count = this.#file.read(bytes.subarray(done), offset + done);
        if (count <= 0) break;
        done += count;
      }
      return done;
    });
  }
}

const NO_SPACE = new Set(["ENOSPC", "EDQUOT"]);

/** Runs a call of the storage: an error of the system becomes one of ours, anything else passes through. */
export function translate<T>(code: Code, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const system = (error as NodeJS.ErrnoException).code;
    if (error instanceof VmguestError || typeof system !== "string") throw error;
    const isFull = NO_SPACE.has(system);
    const message = isFull ? "no space is left" : describeSystemError(error);
    throw new VmguestError(isFull ? "HOST_SPACE" : code, message, { image: path }, { cause: error });
  }
}
