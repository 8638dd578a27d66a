// SPDX-License-Identifier: MIT

/** Windows code pages by the names that decoders have for them. */
const LABELS: ReadonlyMap<number, string> = new Map([
  [874, "windows-874"],
  [932, "shift_jis"],
  [936, "gbk"],
  [949, "euc-kr"],
  [950, "big5"],
  [10000, "macintosh"],
  [20127, "us-ascii"],
  [20866, "koi8-r"],
  [54936, "gb18030"],
  [65001, "utf-8"],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((page): [number, string] => [1250 + page, `windows-${1250 + page}`]),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((part): [number, string] => [28590 + part, `iso-8859-${part}`]),
]);

/** Neutral: the texts are ASCII, or in the code page of whoever reads them. */
const NEUTRAL = 0;
const WESTERN = 1252;

export function isKnownCodePage(codePage: number): boolean {
  return codePage === NEUTRAL || LABELS.has(codePage);
}

/** Decodes bytes of a Windows code page; those of one that is not known as if they were of 1252. */
export function decodeCodePage(bytes: Uint8Array, codePage: number): string {
  return new TextDecoder(LABELS.get(codePage) ?? LABELS.get(WESTERN)).decode(bytes);
}
