// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16, encodeUtf16 } from "../../bytes/index.ts";
import { locate, VmguestError, type Where } from "../../errors.ts";
import type { FileSystem } from "../../fs/index.ts";
import { copyBytes } from "../../io/index.ts";

/** Scripts and policies that people write have a few kilobytes; a longer one is made by something we do not know. */
const SIZE_MAX = 64 * 1024;

/**
 * How a text of the guest is stored: a byte for each character, of whatever code page, or UTF-16LE behind a byte order
 * mark. Characters of the first kind are kept as Latin-1, so that every byte comes back as it was.
 */
export type TextEncoding = "bytes" | "utf-16";

/** A text file of the guest. */
export interface GuestText {
  /** As the volume spells it. */
  readonly path: string;
  /** Without its byte order mark. */
  readonly text: string;
  readonly encoding: TextEncoding;
}

/**
 * Reads a text file of the guest that is to be added to; undefined where there is none.
 *
 * Throws TRIGGER_FILE_UNSUITABLE for what is no file, has more than 64 KiB, or is in an encoding that Windows would not
 * read there: UTF-8 and UTF-16BE behind a byte order mark, UTF-16 without one.
 */
export function readGuestText(fs: FileSystem, path: string): GuestText | undefined {
  return locate({ path }, () => {
    const file = fs.find(path);
    if (file === undefined) return undefined;
    if (file.isDirectory) throw unsuitable("it is a folder");
    const source = file.open();
    if (source.sizeBytes > SIZE_MAX) {
      throw unsuitable(`it has ${source.sizeBytes} bytes, and ${SIZE_MAX} are the limit`);
    }
    return { path: file.path, ...decodeText(copyBytes(source, 0, source.sizeBytes)) };
  });
}

/** The bytes that {@link decodeText} turns into this text. */
export function encodeText({ text, encoding }: Pick<GuestText, "text" | "encoding">): Uint8Array {
  return encoding === "utf-16" ? encodeUtf16(`\ufeff${text}`) : Uint8Array.from(Buffer.from(text, "latin1"));
}

export function decodeText(bytes: Uint8Array): Pick<GuestText, "text" | "encoding"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) {
    if (bytes.length % 2 !== 0) throw unsuitable("it is in UTF-16 with half a character at its end");
    return { text: decodeUtf16(view, 2, bytes.length - 2), encoding: "utf-16" };
  }
  if (first === 0xfe && second === 0xff) throw unsuitable("it is in UTF-16BE");
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    throw unsuitable("it begins with the byte order mark of UTF-8");
  }
  if (bytes.includes(0)) throw unsuitable("it holds NULs, as UTF-16 without a byte order mark does");
  return { text: decodeLatin1(view, 0, bytes.length), encoding: "bytes" };
}

/** The line end that a text has, by its first line; Windows' own where it has only one line. */
export function lineEndOf(text: string): "\r\n" | "\n" {
  const at = text.indexOf("\n");
  return at < 0 || text[at - 1] === "\r" ? "\r\n" : "\n";
}

/** The error for a file that cannot be added to. */
export function unsuitable(message: string, where: Where = {}): VmguestError {
  return new VmguestError("TRIGGER_FILE_UNSUITABLE", message, where);
}
