// SPDX-License-Identifier: MIT
import { type ByteSource, CHANGE_PAGE_BYTES, type Change, checkRange, readBytes } from "../../io/index.ts";

/**
 * Changes of a file, collected in steps: what an earlier step changes is on stable storage before anything of a later
 * one is written. Reading gives the file as it is after all of them.
 *
 * Writing past the end makes the file longer; what nobody wrote in between are zeros, as in a file with holes.
 */
export class FileSteps implements ByteSource {
  readonly #base: ByteSource;
  #sizeBytes: number;
  /** Size when the present step began. */
  #sizeBefore: number;
  /** Pages as they are now, by number; past the end of the file they hold zeros. */
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages of the present step, as they were when it began. */
  readonly #touched = new Map<number, Uint8Array>();
  readonly #steps: Change[][] = [];

  constructor(base: ByteSource) {
    this.#base = base;
    this.#sizeBytes = base.sizeBytes;
    this.#sizeBefore = base.sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the file", this.#sizeBytes, offset, length);
    const inBase = Math.max(0, Math.min(length, this.#base.sizeBytes - offset));
    const parts = [...pagesIn(offset, length)].filter(({ number }) => this.#pages.has(number));
    if (parts.length === 0 && inBase === length) return this.#base.read(offset, length);
    const bytes = new Uint8Array(length);
    if (inBase > 0) bytes.set(readBytes(this.#base, offset, inBase));
    for (const { number, start, from, to } of parts) {
      const page = this.#pages.get(number);
      if (page !== undefined) bytes.set(page.subarray(from - start, to - start), from - offset);
    }
    return new DataView(bytes.buffer);
  }

  /** Adds a change to the present step. */
  write(offset: number, bytes: Uint8Array): void {
    for (const { number, start, from, to } of pagesIn(offset, bytes.length)) {
      this.#openPage(number).set(bytes.subarray(from - offset, to - offset), from - start);
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + bytes.length);
  }

  /** Makes the file at least so long, by zeros; only the last page of them is written. */
  extendTo(sizeBytes: number): void {
    if (sizeBytes > this.#sizeBytes) this.write(sizeBytes - 1, new Uint8Array(1));
  }

  /** Ends the present step; whatever comes next is written when all of it is on stable storage. */
  endStep(): void {
    const step: Change[] = [];
    for (const number of [...this.#touched.keys()].sort((a, b) => a - b)) {
      const change = this.#changeOf(number);
      if (change !== undefined) step.push(change);
    }
    this.#touched.clear();
    this.#sizeBefore = this.#sizeBytes;
    if (step.length > 0) this.#steps.push(joined(step));
  }

  /** All steps that were ended. */
  get steps(): readonly (readonly Change[])[] {
    return this.#steps;
  }

  #openPage(number: number): Uint8Array {
    const page = this.#pages.get(number) ?? this.#readPage(number);
    this.#pages.set(number, page);
    if (!this.#touched.has(number)) this.#touched.set(number, page.slice());
    return page;
  }

  #readPage(number: number): Uint8Array {
    const start = number * CHANGE_PAGE_BYTES;
    const page = new Uint8Array(CHANGE_PAGE_BYTES);
    const length = Math.min(CHANGE_PAGE_BYTES, this.#base.sizeBytes - start);
    if (length > 0) page.set(readBytes(this.#base, start, length));
    return page;
  }

  /** A page of the step as far as it is inside the file; undefined where it is as it was before. */
  #changeOf(number: number): Change | undefined {
    const offset = number * CHANGE_PAGE_BYTES;
    const page = this.#pages.get(number);
    const before = this.#touched.get(number);
    if (page === undefined || before === undefined) return undefined;
    const end = Math.min(offset + CHANGE_PAGE_BYTES, this.#sizeBytes);
    if (end <= this.#sizeBefore && Buffer.compare(page, before) === 0) return undefined;
    return { offset, bytes: page.slice(0, end - offset) };
  }
}

/** Neighbours in one piece: a file is written in as few calls as there are places. */
function joined(changes: readonly Change[]): Change[] {
  const runs: Change[][] = [];
  for (const change of changes) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.offset + last.bytes.length === change.offset) runs.at(-1)?.push(change);
    else runs.push([change]);
  }
  return runs.flatMap((run) => {
    const [first] = run;
    if (first === undefined) return [];
    return { offset: first.offset, bytes: new Uint8Array(Buffer.concat(run.map(({ bytes }) => bytes))) };
  });
}

function* pagesIn(offset: number, length: number) {
  const end = offset + length;
  for (let number = Math.floor(offset / CHANGE_PAGE_BYTES); number * CHANGE_PAGE_BYTES < end; number++) {
    const start = number * CHANGE_PAGE_BYTES;
    yield { number, start, from: Math.max(offset, start), to: Math.min(end, start + CHANGE_PAGE_BYTES) };
  }
}
