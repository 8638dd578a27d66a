// SPDX-License-Identifier: MIT
import type { UpcaseTable } from "./upcase.ts";

/** A name prepared for comparing it with many others. */
export interface FoldedName {
  readonly raw: Uint16Array;
  readonly folded: Uint16Array;
}

/** Where the units of a name stand. */
export interface NameUnits {
  readonly view: DataView;
  readonly nameAt: number;
  readonly nameLengthUnits: number;
}

/** The order of names in a directory: by upper-case units, shorter first, and by the units themselves in a tie. */
export class FileNameCollation {
  readonly #upcase: UpcaseTable;

  constructor(upcase: UpcaseTable) {
    this.#upcase = upcase;
  }

  fold(name: string): FoldedName {
    const raw = Uint16Array.from({ length: name.length }, (_, unit) => name.charCodeAt(unit));
    return { raw, folded: raw.map((unit) => this.#upcase.of(unit)) };
  }

  /** Negative, zero or positive: `target` against the `lengthUnits` units at `at`, by their upper-case forms alone. */
  compareFolded({ folded }: FoldedName, view: DataView, at: number, lengthUnits: number): number {
    const common = Math.min(folded.length, lengthUnits);
    for (let unit = 0; unit < common; unit++) {
      const difference = (folded[unit] as number) - this.#upcase.of(view.getUint16(at + unit * 2, true));
      if (difference !== 0) return difference;
    }
    return folded.length - lengthUnits;
  }

  /** Decides a tie of {@link compareFolded}: the units as they are. */
  compareRaw({ raw }: FoldedName, view: DataView, at: number): number {
    for (let unit = 0; unit < raw.length; unit++) {
      const difference = (raw[unit] as number) - view.getUint16(at + unit * 2, true);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Negative, zero or positive: two stored names against each other, by upper case and then as they are. */
  compareStored(one: NameUnits, other: NameUnits): number {
    const common = Math.min(one.nameLengthUnits, other.nameLengthUnits);
    let tie = 0;
    for (let unit = 0; unit < common; unit++) {
      const mine = one.view.getUint16(one.nameAt + unit * 2, true);
      const theirs = other.view.getUint16(other.nameAt + unit * 2, true);
      if (mine === theirs) continue;
      const difference = this.#upcase.of(mine) - this.#upcase.of(theirs);
      if (difference !== 0) return difference;
      if (tie === 0) tie = mine - theirs;
    }
    return one.nameLengthUnits - other.nameLengthUnits || tie;
  }

  /** Whether two names are the same to Windows. */
  equalsFolded(one: string, other: string): boolean {
    if (one.length !== other.length) return false;
    for (let unit = 0; unit < one.length; unit++) {
      if (this.#upcase.of(one.charCodeAt(unit)) !== this.#upcase.of(other.charCodeAt(unit))) return false;
    }
    return true;
  }
}
