// SPDX-License-Identifier: MIT

/** Which units of a file are claimed by a structure: one bit for each, whatever the file holds. */
export class SpaceMap {
  readonly #unitBytes: number;
  readonly #unitCount: number;
  readonly #claimed: Uint8Array;

  /** A file of `sizeBytes` in units of `unitBytes`; the last unit may be cut short. */
  constructor(sizeBytes: number, unitBytes: number) {
    this.#unitBytes = unitBytes;
    this.#unitCount = Math.ceil(sizeBytes / unitBytes);
    this.#claimed = new Uint8Array(Math.ceil(this.#unitCount / 8));
  }

  /** Claims every unit that a range touches; false where one of them was claimed before. */
  claim(offset: number, lengthBytes: number): boolean {
    const end = Math.min(Math.ceil((offset + lengthBytes) / this.#unitBytes), this.#unitCount);
    let isFree = true;
    for (let unit = Math.floor(offset / this.#unitBytes); unit < end; unit++) {
      if (this.#isClaimed(unit)) isFree = false;
      const byte = Math.floor(unit / 8);
      this.#claimed[byte] = (this.#claimed[byte] ?? 0) | (1 << (unit % 8));
    }
    return isFree;
  }

  /** How many units nobody claimed, and the offset of the first of them. */
  unclaimed(): { readonly count: number; readonly firstOffset: number | undefined } {
    let count = 0;
    let first: number | undefined;
    for (let unit = 0; unit < this.#unitCount; unit++) {
      if (this.#isClaimed(unit)) continue;
      first ??= unit;
      count++;
    }
    return { count, firstOffset: first === undefined ? undefined : first * this.#unitBytes };
  }

  #isClaimed(unit: number): boolean {
    return ((this.#claimed[Math.floor(unit / 8)] ?? 0) & (1 << (unit % 8))) !== 0;
  }
}
