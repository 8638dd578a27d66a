import type { LzxBitWriter } from "./bit-writer.ts";
import { codeFor, writeSymbol } from "./huffman.ts";

/** A symbol of the pretree, the plain bits after it, and for a run the symbol of what it repeats. */
export interface LengthSymbol {
  readonly symbol: number;
  readonly rest?: number;
  readonly bits?: number;
  readonly of?: number;
}

/** Writes the codeword lengths of the symbols from `start` up to `end` as changes to those `before`. */
export function writeLengths(
  writer: LzxBitWriter,
  lengths: Uint8Array,
  before: Uint8Array,
  start: number,
  end: number,
): void {
  const symbols = lengthSymbols(lengths, before, start, end);
  const counts = new Uint32Array(20);
  for (const { symbol, of } of symbols) {
    counts[symbol] = (counts[symbol] as number) + 1;
    if (of !== undefined) counts[of] = (counts[of] as number) + 1;
  }
  const pretree = codeFor(counts, 15);
  for (const length of pretree.lengths) writer.bits(length, 4);
  for (const { symbol, rest = 0, bits = 0, of } of symbols) {
    writeSymbol(writer, pretree, symbol);
    writer.bits(rest, bits);
    if (of !== undefined) writeSymbol(writer, pretree, of);
  }
}

/** The lengths as changes to those `before`; runs of zeros and of equal lengths have symbols of their own. */
export function lengthSymbols(
  lengths: Uint8Array,
  before: Uint8Array,
  start: number,
  end: number,
): LengthSymbol[] {
  const symbols: LengthSymbol[] = [];
  const change = (at: number) => ((before[at] as number) - (lengths[at] as number) + 17) % 17;
  for (let at = start; at < end; ) {
    let run = 1;
    while (at + run < end && lengths[at + run] === lengths[at]) run++;
    if (lengths[at] === 0 && run >= 20) {
      run = Math.min(run, 51);
      symbols.push({ symbol: 18, rest: run - 20, bits: 5 });
    } else if (lengths[at] === 0 && run >= 4) {
      run = Math.min(run, 19);
      symbols.push({ symbol: 17, rest: run - 4, bits: 4 });
    } else if (run >= 4) {
      run = Math.min(run, 5);
      symbols.push({ symbol: 19, rest: run - 4, bits: 1, of: change(at) });
    } else {
      run = 1;
      symbols.push({ symbol: change(at) });
    }
    at += run;
  }
  return symbols;
}
