// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** How a list is written. */
export interface ImageListOptions {
  /** Each entry ends with a NUL, as `find -print0` writes it, so that a name may hold any other byte. */
  readonly isNullSeparated?: boolean;
}

/** Bytes of a list: a million paths of 100 bytes and more. Who reads one from a pipe can stop behind them. */
export const LIST_BYTES_MAX = 128 * 1024 * 1024;

/** Far more images than one report is good for; a list with more lines is none of images. */
const LINE_COUNT_MAX = 1_000_000;

/** Windows takes paths of 32,767 characters, which are up to three bytes each; presigned URLs are shorter. */
const ENTRY_BYTES_MAX = 3 * 32_767;

const NUL = 0x00;
const LINE_FEED = 0x0a;

/**
 * The paths and URLs in a list, one a line, in its order. Lines end in LF or CRLF, those without a character but white
 * space are skipped, and so is a byte-order mark. All else belongs to the path: spaces, and a `#` too, since names may begin with it.
 *
 * Throws USAGE, with the number of the line, for bytes that are no UTF-8 and for lines that cannot be paths.
 */
export function readImageList(
  bytes: Uint8Array,
  { isNullSeparated = false }: ImageListOptions = {},
): string[] {
  if (bytes.length > LIST_BYTES_MAX) {
    throw new VmguestError("USAGE", `the list of images has more than ${LIST_BYTES_MAX} bytes`);
  }
  checkNotUtf16(bytes);
  const separator = isNullSeparated ? NUL : LINE_FEED;
  const paths: string[] = [];
  let number = 0;
  for (let start = startsWithMark(bytes) ? MARK.length : 0; start < bytes.length; ) {
    const found = bytes.indexOf(separator, start);
    const end = found < 0 ? bytes.length : found;
    if (++number > LINE_COUNT_MAX) {
      throw new VmguestError("USAGE", `the list of images has more than ${LINE_COUNT_MAX} lines`);
    }
    const entry = bytes.subarray(start, end);
    start = end + 1;
    if (entry.length === 0) continue;
    const path = readEntry(entry, number, isNullSeparated);
    if (isNullSeparated || path.trim() !== "") paths.push(path);
  }
  return paths;
}

/** Windows PowerShell begins UTF-8 with it. */
const MARK = [0xef, 0xbb, 0xbf];

const startsWithMark = (bytes: Uint8Array) => MARK.every((byte, index) => bytes[index] === byte);

/** Fatal, so that a name which is no UTF-8 is never taken for another one. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readEntry(bytes: Uint8Array, number: number, isNullSeparated: boolean): string {
  const what = isNullSeparated ? "entry" : "line";
  if (bytes.length > ENTRY_BYTES_MAX)
    throw entryError(what, number, `has more than ${ENTRY_BYTES_MAX} bytes`);
  if (bytes.includes(NUL)) {
    throw entryError(
      what,
      number,
      "holds a NUL, which separates the entries of a list that find -print0 wrote",
    );
  }
  try {
    const text = UTF_8.decode(bytes);
    return isNullSeparated ? text : text.replace(/\r$/, "");
  } catch (error) {
    throw entryError(what, number, "is not UTF-8, so that it names no file that can be opened", error);
  }
}

function entryError(what: string, number: number, message: string, cause?: unknown): VmguestError {
  return new VmguestError("USAGE", `${what} ${number} of the list of images ${message}`, {}, { cause });
}

/** The shell of Windows 10 writes files so with `>`. */
function checkNotUtf16([first, second]: Uint8Array): void {
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (!isUtf16) return;
  throw new VmguestError(
    "USAGE",
    "the list of images is UTF-16: write it as UTF-8 (Out-File -Encoding utf8)",
  );
}
