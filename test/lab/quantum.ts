import { framesOf, type LabBlock, type LabEncoder } from "./cab/encoders.ts";
import { MatchFinder } from "./lzx/match-finder.ts";

/** Quantum as cabinets have it, with matches from farther back than the block. */
export function quantum(windowBits = 18): LabEncoder {
  const level = 7;
  return {
    typeCompress: 2 + level * 0x10 + windowBits * 0x100,
    encode: (content) => new Encoder(content, windowBits).encode(),
  };
}

/** What an encoder and a decoder know alike about the symbols so far. */
class Model {
  readonly #symbols: number[];
  readonly #sums: number[];
  #turns = 4;

  constructor(first: number, count: number) {
    this.#symbols = Array.from({ length: count }, (_, index) => first + index);
    this.#sums = Array.from({ length: count + 1 }, (_, index) => count - index);
  }

  /** The part of the range that a symbol has, before it is counted. */
  count(symbol: number): { from: number; to: number; total: number } {
    const sums = this.#sums;
    const index = this.#symbols.indexOf(symbol);
    const part = { from: sums[index + 1]!, to: sums[index]!, total: sums[0]! };
    for (let at = 0; at <= index; at++) sums[at]! += 8;
    if (sums[0]! > 3800) this.#shrink();
    return part;
  }

  #shrink(): void {
    const sums = this.#sums;
    const count = this.#symbols.length;
    if (--this.#turns > 0) {
      for (let at = count - 1; at >= 0; at--) sums[at] = Math.max(sums[at]! >> 1, sums[at + 1]! + 1);
      return;
    }
    this.#turns = 50;
    const rows = this.#symbols.map((symbol, at) => ({
      symbol,
      weight: (sums[at]! - sums[at + 1]! + 1) >> 1,
    }));
    for (let at = 0; at < count; at++) {
      for (let other = at + 1; other < count; other++) {
        if (rows[at]!.weight < rows[other]!.weight) [rows[at], rows[other]] = [rows[other]!, rows[at]!];
      }
    }
    for (let at = count - 1; at >= 0; at--) {
      this.#symbols[at] = rows[at]!.symbol;
      sums[at] = sums[at + 1]! + rows[at]!.weight;
    }
  }
}

/** The bits of one block. A decoder is 16 bits of code ahead, so plain bits come that much later among them. */
class BlockWriter {
  readonly #code: number[] = [];
  readonly #plain: { readonly at: number; readonly bits: number[] }[] = [];
  #low = 0;
  #high = 0xffff;
  /** Bits whose value is the opposite of the next one's. */
  #pending = 0;

  symbol(model: Model, symbol: number): void {
    const range = this.#high - this.#low + 1;
    const { from, to, total } = model.count(symbol);
    this.#high = this.#low + Math.floor((to * range) / total) - 1;
    this.#low += Math.floor((from * range) / total);
    for (;;) {
      if (this.#low >> 15 === this.#high >> 15) this.#emit(this.#low >> 15);
      else if (this.#low >= 0x4000 && this.#high < 0xc000) {
        this.#pending++;
        this.#low -= 0x4000;
        this.#high -= 0x4000;
      } else return;
      this.#low = (this.#low * 2) & 0xffff;
      this.#high = (this.#high * 2 + 1) & 0xffff;
    }
  }

  bits(value: number, count: number): void {
    const bits = Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);
    this.#plain.push({ at: this.#code.length + this.#pending + 16, bits });
  }

  finish(): Uint8Array {
    const last = this.#low;
    this.#emit(last >> 15);
    for (let bit = 14; bit >= 0; bit--) this.#emit((last >> bit) & 1);
    const all: number[] = [];
    let done = 0;
    for (const { at, bits } of this.#plain) {
      all.push(...this.#code.slice(done, at), ...bits);
      done = at;
    }
    all.push(...this.#code.slice(done));
    const bytes = new Uint8Array(Math.ceil(all.length / 8));
    for (const [at, bit] of all.entries()) bytes[at >> 3]! |= bit << (7 - (at & 7));
    return bytes;
  }

  #emit(bit: number): void {
    this.#code.push(bit);
    for (; this.#pending > 0; this.#pending--) this.#code.push(1 - bit);
  }
}

class Encoder {
  readonly #bytes: Uint8Array;
  readonly #finder: MatchFinder;
  readonly #selectors = new Model(0, 7);
  readonly #literals = [0, 64, 128, 192].map((first) => new Model(first, 64));
  readonly #lengths = new Model(0, 27);
  /** By selector, from 4 on. */
  readonly #slots: readonly { readonly model: Model; readonly count: number }[];

  constructor(content: Uint8Array, windowBits: number) {
    this.#bytes = content;
    this.#finder = new MatchFinder(content, windowBits, 16);
    this.#slots = [24, 36, 42].map((most) => {
      const count = Math.min(most, 2 * windowBits);
      return { model: new Model(0, count), count };
    });
  }

  encode(): LabBlock[] {
    let at = 0;
    return framesOf(this.#bytes).map((frame) => {
      const data = this.#block(at, at + frame.length);
      at += frame.length;
      return { data, outputSize: frame.length };
    });
  }

  #block(start: number, end: number): Uint8Array {
    const writer = new BlockWriter();
    for (let at = start; at < end; ) {
      if (this.#finder.find(at, end, new Int32Array(0)) && this.#match(writer, this.#finder))
        at += this.#finder.length;
      else {
        const byte = this.#bytes[at++]!;
        writer.symbol(this.#selectors, byte >> 6);
        writer.symbol(this.#literals[byte >> 6]!, byte);
      }
    }
    return writer.finish();
  }

  #match(writer: BlockWriter, { length, distance }: MatchFinder): boolean {
    const selector = Math.min(length + 1, 6);
    const { model, count } = this.#slots[selector - 4]!;
    const place = slotOf(distance - 1, (slot) => Math.max(0, slot - 2) >> 1);
    if (place.slot >= count) return false;
    writer.symbol(this.#selectors, selector);
    if (selector === 6)
      this.#number(
        writer,
        this.#lengths,
        slotOf(length - 5, (slot) => Math.max(0, slot - 2) >> 2),
      );
    this.#number(writer, model, place);
    return true;
  }

  #number(writer: BlockWriter, model: Model, { slot, bits, rest }: ReturnType<typeof slotOf>): void {
    writer.symbol(model, slot);
    writer.bits(rest, bits);
  }
}

function slotOf(value: number, bitsOf: (slot: number) => number) {
  let base = 0;
  for (let slot = 0; ; slot++) {
    const bits = bitsOf(slot);
    if (value < base + 2 ** bits) return { slot, bits, rest: value - base };
    base += 2 ** bits;
  }
}
