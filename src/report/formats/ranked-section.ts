// SPDX-License-Identifier: MIT

/** Entries of one rank. */
interface Rank {
  readonly texts: string[];
  readonly sizes: number[];
  sizeBytes: number;
  leftOut: number;
}

/**
 * A section of a text of bounded size, whose entries come in any order and stand by their rank, the worst first: what
 * there is no room for is what matters least. No more is kept than could stand in it.
 */
export class RankedSection {
  readonly #ranks: readonly Rank[];
  readonly #sizeMaxBytes: number;

  constructor(rankCount: number, sizeMaxBytes: number) {
    this.#ranks = Array.from({ length: rankCount }, () => {
      return { texts: [], sizes: [], sizeBytes: 0, leftOut: 0 };
    });
    this.#sizeMaxBytes = sizeMaxBytes;
  }

  /** An entry of that rank, 0 being the worst. */
  add(rank: number, text: string): void {
    const entries = this.#ranks[rank];
    if (entries === undefined) return;
    const sizeBytes = utf8Length(text);
    // Once one is left out, all that follow are, so that what stands there is the beginning.
    if (entries.leftOut > 0 || entries.sizeBytes + sizeBytes > this.#sizeMaxBytes) {
      entries.leftOut++;
      return;
    }
    entries.texts.push(text);
    entries.sizes.push(sizeBytes);
    entries.sizeBytes += sizeBytes;
  }

  /** The entries that there is room for, and of each rank how many there is none for. */
  choose(): { readonly texts: readonly string[]; readonly leftOut: readonly number[] } {
    let room = this.#sizeMaxBytes;
    const chosen = this.#ranks.map(({ texts, sizes, leftOut }) => {
      let count = 0;
      for (const size of sizes) {
        if (size > room) break;
        room -= size;
        count++;
      }
      // What is worse and had no room must not be followed by what is better and would have.
      if (count < texts.length || leftOut > 0) room = 0;
      return { texts: texts.slice(0, count), leftOut: leftOut + texts.length - count };
    });
    return { texts: chosen.flatMap(({ texts }) => texts), leftOut: chosen.map(({ leftOut }) => leftOut) };
  }
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}
