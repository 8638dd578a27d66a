import type { LzxBitWriter } from "./bit-writer.ts";

/** A canonical Huffman code: the codeword of each symbol, and its length, 0 where it has none. */
export interface LabCode {
  readonly lengths: Uint8Array;
  readonly words: Uint16Array;
}

/**
 * The code for symbols that occur so often. Lengths are limited to `lengthMax` by making the counts more alike until they
 * are. A code of one word would not be complete, so it gets a second one; a code of none stays empty.
 */
export function codeFor(counts: Uint32Array, lengthMax: number): LabCode {
  const weights = counts.slice();
  const used = counts.reduce((count, one) => count + (one > 0 ? 1 : 0), 0);
  if (used === 0) return { lengths: new Uint8Array(counts.length), words: new Uint16Array(counts.length) };
  if (used === 1) weights[weights[0] === 0 ? 0 : 1] = 1;
  for (;;) {
    const lengths = huffmanLengths(weights);
    if (lengths.every((length) => length <= lengthMax)) return { lengths, words: canonicalWords(lengths) };
    for (let symbol = 0; symbol < weights.length; symbol++) {
      const weight = weights[symbol] as number;
      if (weight > 0) weights[symbol] = (weight >> 2) + 1;
    }
  }
}

export function writeSymbol(writer: LzxBitWriter, { lengths, words }: LabCode, symbol: number): void {
  const length = lengths[symbol] as number;
  if (length === 0) throw new RangeError(`symbol ${symbol} has no codeword`);
  writer.bits(words[symbol] as number, length);
}

/** Joins the two lightest trees until there is one. Leaves and joined trees are two queues, each in order of weight. */
function huffmanLengths(weights: Uint32Array): Uint8Array {
  const leaves = [...weights.keys()].filter((symbol) => (weights[symbol] as number) > 0);
  leaves.sort((one, other) => (weights[one] as number) - (weights[other] as number) || one - other);
  const count = leaves.length;
  const nodeWeights = leaves.map((symbol) => weights[symbol] as number);
  const parents: number[] = [];
  let leaf = 0;
  let joined = count;
  const lightest = () =>
    leaf < count &&
    (joined >= nodeWeights.length || (nodeWeights[leaf] as number) <= (nodeWeights[joined] as number))
      ? leaf++
      : joined++;
  while (nodeWeights.length < 2 * count - 1) {
    const one = lightest();
    const other = lightest();
    parents[one] = nodeWeights.length;
    parents[other] = nodeWeights.length;
    nodeWeights.push((nodeWeights[one] as number) + (nodeWeights[other] as number));
  }
  const depths = new Array<number>(nodeWeights.length).fill(0);
  for (let node = nodeWeights.length - 2; node >= 0; node--) {
    depths[node] = (depths[parents[node] as number] as number) + 1;
  }
  const lengths = new Uint8Array(weights.length);
  for (const [index, symbol] of leaves.entries()) lengths[symbol] = depths[index] as number;
  return lengths;
}

function canonicalWords(lengths: Uint8Array): Uint16Array {
  const words = new Uint16Array(lengths.length);
  let word = 0;
  for (let length = 1; length <= 16; length++, word *= 2) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === length) words[symbol] = word++;
    }
  }
  return words;
}
