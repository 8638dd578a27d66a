// SPDX-License-Identifier: MIT
import type { UpcaseTable } from "./upcase.ts";

/** A name prepared for comparing it with many others. */
export interface FoldedName {
  readonly raw: Uint16Array;
  readonly folded: Uint16Array;
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

  /** Whether two names are the same to Windows. */
  equalsFolded(one: string, other: string): boolean {
    if (one.length !== other.length) return false;
    for (let unit = 0; unit < one.length; unit++) {
      if (this.#upcase.of(one.charCodeAt(unit)) !== this.#upcase.of(other.charCodeAt(unit))) return false;
    }
    return true;
  }
}
