// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { checkRead } from "./cluster-source.ts";

/** Enough for readers that go to and fro between two places, and no more than 4 MiB with the largest units. */
const UNITS_KEPT = 4;

export interface UnitSourceOptions {
  /** What the source is called in errors. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes that each unit expands to. */
  readonly unitSizeBytes: number;
  /**
   * A unit as it reads, in an array with a buffer of its own that is never changed again. The last unit may end where
   * the source does.
   */
  readonly decode: (index: number) => Uint8Array;
}

/** Data that is compressed in units, each on its own: a read expands the units it touches, and the last few are kept. */
export class UnitSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #options: UnitSourceOptions;
  /** Decoded units, the one used least recently first. */
  readonly #units = new Map<number, Uint8Array>();

  constructor(options: UnitSourceOptions) {
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    const { name, unitSizeBytes } = this.#options;
    checkRead(name, this.sizeBytes, offset, length);
    const index = Math.floor(offset / unitSizeBytes);
    const inUnit = offset - index * unitSizeBytes;
    if (length > 0 && inUnit + length <= unitSizeBytes) {
      return new DataView(this.#unit(index).buffer, inUnit, length);
    }
    const target = new Uint8Array(length);
    for (let at = offset; at < offset + length; ) {
      const unitIndex = Math.floor(at / unitSizeBytes);
      const from = at - unitIndex * unitSizeBytes;
      const part = this.#unit(unitIndex).subarray(from, from + offset + length - at);
      target.set(part, at - offset);
      at += part.length;
    }
    return new DataView(target.buffer);
  }

  #unit(index: number): Uint8Array {
    const unit = this.#units.get(index) ?? this.#options.decode(index);
    this.#units.delete(index);
    this.#units.set(index, unit);
    if (this.#units.size > UNITS_KEPT) {
      const [oldest] = this.#units.keys();
      if (oldest !== undefined) this.#units.delete(oldest);
    }
    return unit;
  }
}
