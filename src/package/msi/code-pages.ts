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

/**
 * Characters 0x80 to 0x9F of code page 1252; those that it leaves open stand for themselves. Needed since Node 20
 * decodes 1252 as Latin-1, where all of them are control characters.
 */
const WESTERN_SPECIALS = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

export function isKnownCodePage(codePage: number): boolean {
  return codePage === NEUTRAL || LABELS.has(codePage);
}

/** Decodes bytes of a Windows code page; those of one that is not known as if they were of 1252. */
export function decodeCodePage(bytes: Uint8Array, codePage: number): string {
  const label = LABELS.get(codePage);
  if (label !== undefined && codePage !== WESTERN) return new TextDecoder(label).decode(bytes);
  return new TextDecoder("latin1")
    .decode(bytes)
    .replaceAll(/[\u0080-\u009f]/g, (special) => WESTERN_SPECIALS.charAt(special.charCodeAt(0) - 0x80));
}
