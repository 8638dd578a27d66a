// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { CabMember } from "../cab/index.ts";

/** Packages that are looked at inside of one file. The media of Windows have a few hundred cabinets. */
const FILE_COUNT_MAX = 2_000;

/** What may be unpacked: the largest update for Windows 8.1 has one folder of less than 2 GiB. */
const UNPACKED_SIZE_MAX = 4 * 2 ** 30;

/**
 * How often the bytes of a file may be read again for the packages inside of it: two packages deep, each byte is digested
 * once for the signature and once as a part of a member. Files that share their bytes would come to thousands.
 */
const READING_COUNT_MAX = 4;

/** A listed file is counted as so many bytes: the sector of a disc that describes it, or the work of as many. */
const ENTRY_COST = 2048;

/**
 * What looking into one file that the user named may cost, whatever is in it: files, and bytes that are read or
 * unpacked. Every method throws OFFER_LIMIT where it becomes too much, and from then on nothing more is to be looked at.
 */
export class LookBudget {
  #filesLeft = FILE_COUNT_MAX;
  #bytesLeft: number;
  readonly #bytesMax: number;

  /** `sizeBytes` is the size of the file that the user named. */
  constructor(sizeBytes: number) {
    this.#bytesMax = READING_COUNT_MAX * sizeBytes + UNPACKED_SIZE_MAX;
    this.#bytesLeft = this.#bytesMax;
  }

  /** Whether it has become too much, which was said when it did. */
  get isSpent(): boolean {
    return this.#filesLeft < 0 || this.#bytesLeft < 0;
  }

  /** To be called for each file, before it is looked at. */
  countFile(): void {
    this.#filesLeft--;
    if (this.#filesLeft < 0) throw tooMuch(`more than ${FILE_COUNT_MAX} files`);
  }

  /** To be called for a list of files, or for each file of one. */
  countEntries(count: number): void {
    this.read(count * ENTRY_COST);
  }

  /** To be called before so many bytes are read. */
  read(byteCount: number): void {
    this.#bytesLeft -= byteCount;
    if (this.#bytesLeft >= 0) return;
    throw tooMuch(`packages that take more than ${this.#bytesMax} bytes to look at`);
  }

  /** To be called before members are unpacked in one pass; each counts with all that lies before it in its folder. */
  unpack(members: Iterable<CabMember>): void {
    const ends = new Map<number, number>();
    for (const { compression, folder, folderOffset, sizeBytes } of members) {
      if (compression === "none") continue;
      ends.set(folder, Math.max(ends.get(folder) ?? 0, folderOffset + sizeBytes));
    }
    for (const end of ends.values()) this.read(end);
  }

  /** To be called before members are digested in one pass: stored ones may share their bytes, and are read each. */
  digest(members: readonly CabMember[]): void {
    this.unpack(members);
    for (const { compression, sizeBytes } of members) if (compression === "none") this.read(sizeBytes);
  }
}

/** The error for more than is looked at. */
export function tooMuch(what: string): VmguestError {
  return new VmguestError("OFFER_LIMIT", `the file holds ${what}, of which the rest is not looked at`);
}
