// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../../bytes/index.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of bytes whose character set nobody names. ISO 9660 allows little more than capital letters and digits, and
 * Rock Ridge anything; what programs write is UTF-8 where it can be that, and was Latin-1 before.
 */
export function decodeBytes(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return decodeLatin1(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);
  }
}
