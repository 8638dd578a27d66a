// SPDX-License-Identifier: MIT

/** What is known of a record; bits of one byte. */
export const RECORD_STATE = {
  inUse: 0x01,
  directory: 0x02,
  base: 0x04,
  /** It, or a part of its file, could not be read: what follows from that is not reported again. */
  damaged: 0x08,
  /** An extension record that an attribute list names. */
  listed: 0x10,
  /** A directory whose index could not be walked to its end, or is not in order. */
  indexDamaged: 0x20,
  /** For the search for cycles. */
  visited: 0x40,
  onPath: 0x80,
} as const;

/** Stands for a size that is not compared. */
export const NO_SIZE = -1;

/**
 * What the check keeps of every FILE record: 27 bytes each, whatever the files are called.
 *
 * Names are not kept. Every name that a record has is added to the record's sum as a hash, and every directory entry
 * that refers to the record is taken away again; what is not zero at the end is looked at closely.
 */
export class RecordTable {
  readonly count: number;
  readonly state: Uint8Array;
  readonly sequences: Uint16Array;
  /** Parent of the first name. */
  readonly parents: Uint32Array;
  /** Bytes of the unnamed data of a file, or NO_SIZE. */
  readonly dataSizes: Float64Array;
  readonly #sums: Int32Array;
  /** Of a directory: one bit for every 32nd record that its entries may refer to. */
  readonly #targets: Uint32Array;

  constructor(count: number) {
    this.count = count;
    this.state = new Uint8Array(count);
    this.sequences = new Uint16Array(count);
    this.parents = new Uint32Array(count);
    this.dataSizes = new Float64Array(count).fill(NO_SIZE);
    this.#sums = new Int32Array(count * 2);
    this.#targets = new Uint32Array(count);
  }

  is(recordNumber: number, bits: number): boolean {
    return ((this.state[recordNumber] ?? 0) & bits) === bits;
  }

  mark(recordNumber: number, bits: number): void {
    this.state[recordNumber] = (this.state[recordNumber] ?? 0) | bits;
  }

  unmark(recordNumber: number, bits: number): void {
    this.state[recordNumber] = (this.state[recordNumber] ?? 0) & ~bits;
  }

  /** Notes that an entry of a directory refers to a record, so that {@link mayReferTo} is true of them. */
  noteTarget(directory: number, recordNumber: number): void {
    this.#targets[directory] = ((this.#targets[directory] ?? 0) | targetBit(recordNumber)) >>> 0;
  }

  /** False where no entry of the directory refers to any of these records; true is no more than a suspicion. */
  mayReferTo(directory: number, recordNumbers: Iterable<number>): boolean {
    const targets = this.#targets[directory] ?? 0;
    for (const recordNumber of recordNumbers) if ((targets & targetBit(recordNumber)) !== 0) return true;
    return false;
  }

  addName(recordNumber: number, name: NameKey): void {
    this.#count(recordNumber, name, 1);
  }

  takeName(recordNumber: number, name: NameKey): void {
    this.#count(recordNumber, name, -1);
  }

  /** Whether the names in the record and those in directories are the same ones. */
  namesAgree(recordNumber: number): boolean {
    return this.#sums[recordNumber * 2] === 0 && this.#sums[recordNumber * 2 + 1] === 0;
  }

  /** Two hashes of 32 bits: a chance hit in both hides one finding in 2^64 names. The sums may wrap around. */
  #count(recordNumber: number, name: NameKey, sign: number): void {
    const sums = this.#sums;
    const at = recordNumber * 2;
    sums[at] = (sums[at] ?? 0) + sign * hash(name, 0x811c9dc5, 0x01000193);
    sums[at + 1] = (sums[at + 1] ?? 0) + sign * hash(name, 0x2545f491, 0x5bd1e995);
  }
}

/** What makes a name that name: where it is, what sort it is, and its units. */
export interface NameKey {
  readonly parentRecord: number;
  readonly parentSequence: number;
  readonly namespace: number;
  readonly view: DataView;
  readonly nameAt: number;
  readonly nameLengthUnits: number;
}

/** FNV-1a over 16-bit units, with the result mixed so that sums of it stay apart. */
function hash(key: NameKey, seed: number, prime: number): number {
  const { view, nameAt, nameLengthUnits } = key;
  let state = Math.imul(seed ^ (key.parentRecord % 0x1_0000), prime);
  state = Math.imul(state ^ Math.floor(key.parentRecord / 0x1_0000), prime);
  state = Math.imul(state ^ key.parentSequence, prime);
  state = Math.imul(state ^ key.namespace, prime);
  for (let unit = 0; unit < nameLengthUnits; unit++) {
    state = Math.imul(state ^ view.getUint16(nameAt + unit * 2, true), prime);
  }
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return state ^ (state >>> 13);
}

function targetBit(recordNumber: number): number {
  return 1 << (recordNumber % 32);
}
