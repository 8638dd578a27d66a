// SPDX-License-Identifier: MIT

/** What Windows programs mean by ANSI in the West; every byte stands for one character, so no name is lost. */
const CODE_PAGE = new TextDecoder("windows-1252");
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name as it was stored: the text, and whether it is what its encoding promises. */
export interface DecodedName {
  readonly text: string;
  readonly isSound: boolean;
}

/**
 * A name of a cabinet. One that is marked as UTF-8 and is not (overlong forms of `/`, for instance) is read as
 * windows-1252 like those that are not marked: that gives each byte a harmless character, and the same one each time.
 */
export function decodeName(bytes: Uint8Array, isUtf8: boolean): DecodedName {
  if (!isUtf8 || isAscii(bytes)) return { text: CODE_PAGE.decode(bytes), isSound: true };
  try {
    return { text: UTF_8.decode(bytes), isSound: true };
  } catch {
    return { text: CODE_PAGE.decode(bytes), isSound: false };
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

/**
 * The key under which Windows and other systems that ignore case would find a name: two names with the same key cannot
 * lie side by side. Letters whose upper case is longer than they are (ß) stay as they are, as in NTFS.
 */
export function nameKey(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toUpperCase();
  const composed = name.normalize("NFC");
  const upper = composed.toUpperCase();
  return upper.length === composed.length ? upper : Array.from(composed, upperCaseOf).join("");
}

function upperCaseOf(character: string): string {
  const upper = character.toUpperCase();
  return upper.length === character.length ? upper : character;
}
