// SPDX-License-Identifier: MIT

/** What `Content-Range` says (RFC 9110, section 14.4): the bytes from `first` to `last`, both counted, of `sizeBytes`. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly sizeBytes: number;
}

/** Sixteen digits may be beyond 2^53. */
const RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i;
const UNSATISFIED = /^bytes \*\/(\d{1,15})$/i;

/** Undefined for anything but a range of bytes that fits an object of a stated size. */
export function parseContentRange(text: string): ContentRange | undefined {
  const [, first, last, size] = RANGE.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last), sizeBytes: Number(size) };
  return range.first <= range.last && range.last < range.sizeBytes ? range : undefined;
}

/** The size of the object, as an answer says it that has no such range (416). */
export function parseUnsatisfiedRange(text: string): number | undefined {
  const [, size] = UNSATISFIED.exec(text) ?? [];
  return size === undefined ? undefined : Number(size);
}
