// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { indexRecords, lineReader, type RecordIndex, type RecordPlace, readRecord } from "./record-index.ts";
import { HEADER_LINE, makeLine } from "./record-line.ts";

interface CompactionOptions {
  readonly tool: string;
  /** Where there is more, the oldest records are left out. */
  readonly sizeMaxBytes: number;
}

/**
 * A cache file written anew beside the old one, with the records that still count.
 *
 * A run that has the old file open goes on with that: what it appends from now on is lost, and audited once more. Nothing
 * here is worth a word where it fails: the next run tries again.
 */
export class Compaction {
  readonly #path: string;
  readonly #newPath: string;
  /** The file that is replaced. */
  readonly #inode: number;

  private constructor(path: string, newPath: string, inode: number) {
    this.#path = path;
    this.#newPath = newPath;
    this.#inode = inode;
  }

  /** Writes the new file. Undefined where that fails, or where the old one is not this user's alone to replace. */
  static of(named: string, descriptor: number, options: CompactionOptions): Compaction | undefined {
    try {
      const path = realpathSync(named);
      const { ino, uid, nlink, mode } = fstatSync(descriptor);
      const owner = process.getuid?.();
      if (nlink !== 1 || (owner !== undefined && owner !== uid)) return undefined;
      const compaction = new Compaction(path, `${path}.${randomUUID()}.new`, ino);
      return compaction.#write(descriptor, mode & 0o777, options) ? compaction : undefined;
    } catch {
      return undefined;
    }
  }

  /** Puts the new file into the place of the old one, unless another run did so meanwhile. */
  replace(): void {
    try {
      if (statSync(this.#path).ino === this.#inode) renameSync(this.#newPath, this.#path);
      else this.#discard();
    } catch {
      this.#discard();
    }
  }

  #write(source: number, mode: number, { tool, sizeMaxBytes }: CompactionOptions): boolean {
    const { places, sizeBytes } = indexRecords(source, tool);
    const readLine = lineReader(source, sizeBytes);
    const target = openSync(this.#newPath, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      fchmodSync(target, mode);
      writeWhole(target, Buffer.from(HEADER_LINE));
      for (const [key, place] of newest(places, sizeMaxBytes)) {
        const payload = readRecord(readLine, place, { key, tool });
        if (payload !== undefined) writeWhole(target, makeLine(tool, key, payload.toString()));
      }
      // Without it, a power failure may leave an empty file under the right name.
      fsyncSync(target);
      return true;
    } catch {
      this.#discard();
      return false;
    } finally {
      closeSync(target);
    }
  }

  #discard(): void {
    try {
      unlinkSync(this.#newPath);
    } catch {
      // It is not there, or stays: either way it is in nobody's way.
    }
  }
}

/** The last of the records that have room in `sizeMaxBytes`, in their order. */
function newest(places: RecordIndex["places"], sizeMaxBytes: number): [string, RecordPlace][] {
  let left = sizeMaxBytes;
  const all = [...places];
  const first = all.findLastIndex(([, { sizeBytes }]) => {
    left -= sizeBytes;
    return left < 0;
  });
  return all.slice(first + 1);
}

function writeWhole(target: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(target, bytes, done);
}
