// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../bytes/index.ts";

/**
 * The characters of windows-1252 from 0x80 to 0x9F, where it is not Latin-1: what Windows programs mean by ANSI in the
 * West. Every byte stands for one character, so no name is lost. The TextDecoder of Node 20 takes it for Latin-1.
 */
const CODE_PAGE =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name as it was stored: the text, and whether it is what its encoding promises. */
interface DecodedName {
  readonly text: string;
  readonly isSound: boolean;
}

/**
 * A name of a cabinet. One that is marked as UTF-8 and is not (overlong forms of `/`, for instance) is read as
 * windows-1252 like those that are not marked: that gives each byte a harmless character, and the same one each time.
 */
export function decodeName(bytes: Uint8Array, isUtf8: boolean): DecodedName {
  if (isAscii(bytes)) return { text: decodeBytes(bytes), isSound: true };
  if (!isUtf8) return { text: decodeCodePage(bytes), isSound: true };
  try {
    return { text: UTF_8.decode(bytes), isSound: true };
  } catch {
    return { text: decodeCodePage(bytes), isSound: false };
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

function decodeBytes(bytes: Uint8Array): string {
  return decodeLatin1(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

function decodeCodePage(bytes: Uint8Array): string {
  return decodeBytes(bytes).replace(
    /\p{Cc}/gu,
    (character) => CODE_PAGE[character.charCodeAt(0) - 0x80] ?? character,
  );
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
