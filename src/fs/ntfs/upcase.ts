// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";

/** One entry for each UTF-16 unit. */
const TABLE_SIZE_BYTES = 0x20000;
const PAGE_UNITS = 2048;
const PAGE_SIZE_BYTES = PAGE_UNITS * 2;

/**
 * The volume's own table of upper-case letters ($UpCase), by which its directories are ordered. Every Windows release
 * formats with its own table, so no other table, and no `toUpperCase`, will do.
 *
 * Its pages are read when a unit of theirs is first asked for: names in ASCII need one of the 32.
 */
export class UpcaseTable {
  readonly #open: () => ByteSource;
  readonly #pages: (Uint16Array | undefined)[] = [];
  #source: ByteSource | undefined;

  /** `open` gives the data of $UpCase; it is called when the first name is compared. */
  constructor(open: () => ByteSource) {
    this.#open = open;
  }

  /** The upper-case form of a UTF-16 unit; throws NTFS_UPCASE where the table has a wrong size. */
  of(unit: number): number {
    const page = this.#pages[unit >> 11] ?? this.#load(unit >> 11);
    return page[unit % PAGE_UNITS] ?? unit;
  }

  #load(index: number): Uint16Array {
    this.#source ??= this.#opened();
    const view = this.#source.read(index * PAGE_SIZE_BYTES, PAGE_SIZE_BYTES);
    const page = Uint16Array.from({ length: PAGE_UNITS }, (_, unit) => view.getUint16(unit * 2, true));
    this.#pages[index] = page;
    return page;
  }

  #opened(): ByteSource {
    const source = this.#open();
    if (source.sizeBytes === TABLE_SIZE_BYTES) return source;
    const message = `the table has ${source.sizeBytes} bytes, not ${TABLE_SIZE_BYTES}`;
    throw new VmguestError("NTFS_UPCASE", message, { path: "$UpCase" });
  }
}
