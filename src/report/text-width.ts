// SPDX-License-Identifier: MIT

/** Terminal columns of ASCII text are its length. */
const ASCII = /^[\x20-\x7e]*$/;

/** Characters that take no column of their own: they combine with the one before, or only shape it. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

const EMOJI = /^\p{Emoji_Presentation}$/u;

/**
 * Blocks of characters that terminals show two columns wide: East Asian Width W and F in Unicode Standard Annex 11,
 * without the emoji scattered among narrow symbols, which {@link EMOJI} knows.
 */
const WIDE_BLOCKS: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f], // Hangul Jamo initials
  [0x2329, 0x232a], // angle brackets
  [0x2630, 0x2637], // trigrams
  [0x268a, 0x268f], // Yijing monograms and digrams
  [0x2e80, 0x303e], // radicals, ideographic description, CJK punctuation
  [0x3041, 0x3247], // kana, bopomofo, enclosed CJK
  [0x3250, 0x4dff], // CJK compatibility, extension A, hexagrams
  [0x4e00, 0xa4cf], // unified ideographs, Yi
  [0xa960, 0xa97f], // Hangul Jamo extended A
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff], // compatibility ideographs
  [0xfe10, 0xfe19], // vertical forms
  [0xfe30, 0xfe6f], // compatibility and small forms
  [0xff01, 0xff60], // fullwidth forms
  [0xffe0, 0xffe6], // fullwidth signs
  [0x16fe0, 0x18dff], // Tangut, Khitan
  [0x1aff0, 0x1b2ff], // kana supplements, Nushu
  [0x1d300, 0x1d376], // Tai Xuan Jing, counting rods
  [0x1f200, 0x1f265], // enclosed ideographs
  [0x20000, 0x3fffd], // ideographs of planes 2 and 3
];

/** How many terminal columns the text takes. For visible text: control characters and colours are not its matter. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): 0 | 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  if (WIDE_BLOCKS.some(([first, last]) => code >= first && code <= last)) return 2;
  return EMOJI.test(character) ? 2 : 1;
}

/**
 * A line may also break behind slashes and hyphens, so that paths and version ids wrap where a reader would; options of the
 * command line stay whole.
 */
const PIECES = /--[a-z][^ ]* *|[^ /\\-]*(?:[/\\-]+|$| +)|[^ /\\-]+ */g;

/**
 * The text in lines of at most `width` columns, broken at spaces, behind slashes and hyphens, and inside a word only
 * where it is longer than a line. Nothing is left out but the spaces at the breaks.
 */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [piece] of text.matchAll(PIECES)) {
    if (widthOf(line) + widthOf(piece.trimEnd()) > width && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
    while (widthOf(line.trimEnd()) > width) {
      const head = headOf(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line.trimEnd() !== "" || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

/** The longest beginning that fits, and at least one character. */
function headOf(text: string, width: number): string {
  let head = "";
  let used = 0;
  for (const character of text) {
    used += widthOfCharacter(character);
    if (used > width && head !== "") break;
    head += character;
  }
  return head;
}
