// SPDX-License-Identifier: MIT

/**
 * What must not reach a terminal from an image: C0 and C1 controls (escape sequences, newlines), line separators,
 * everything that reorders or hides text (bidirectional controls, invisible fillers, tags), and unpaired surrogates.
 * ZWJ and ZWNJ stay, because scripts need them inside words.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;

/** Printable ASCII needs no look at the table; it is nearly all that there is. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Text from an image made safe to print on one line: what a terminal would obey instead of show is written as `\x1b`,
 * `\u202e` or `\u{e0041}`. Backslashes stay single, since the text is full of Windows paths; who needs the exact text
 * takes the JSON.
 */
export function makeVisible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Names that come from a guest are cut here: a product name of a megabyte is no name. */
const NAME_LENGTH_MAX = 120;

/** Sentences may quote several names. */
const SENTENCE_LENGTH_MAX = 1000;

/** A name from an image, visible and of a bounded length. */
export function shownName(name: string): string {
  return shownText(name, NAME_LENGTH_MAX);
}

/** A sentence that may quote an image, visible and of a bounded length. */
export function shownSentence(sentence: string): string {
  return shownText(sentence, SENTENCE_LENGTH_MAX);
}

/** Text from an image, visible; where it is longer than `lengthMax`, its beginning and how long it is. */
export function shownText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return makeVisible(text);
  return `${makeVisible(text.slice(0, lengthMax))}... (${text.length} characters)`;
}

/**
 * JSON text in which the same characters are written as `\uXXXX`: the value is the same, and printing it is safe.
 *
 * `JSON.stringify` leaves escape sequences of the C1 range and bidirectional controls as they are. They can only stand
 * inside strings, so that replacing them anywhere is right; the newlines between the tokens are kept.
 */
export function makeJsonVisible(json: string): string {
  return json.replaceAll(UNSAFE, (character) => {
    if (character === "\n") return character;
    return [...Array(character.length).keys()]
      .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`)
      .join("");
  });
}
