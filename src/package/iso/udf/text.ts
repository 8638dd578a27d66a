// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16be } from "../../../bytes/index.ts";

/**
 * OSTA Compressed Unicode: a byte that says how many bits a character has, 8 or 16, and the characters (OSTA UDF 2.1.1).
 * Undefined where that byte is neither.
 */
export function decodeCompressedUnicode(view: DataView, at: number, sizeBytes: number): string | undefined {
  if (sizeBytes === 0) return "";
  const bits = view.getUint8(at);
  if (bits === 8) return decodeLatin1(view, at + 1, sizeBytes - 1);
  if (bits === 16) return decodeUtf16be(view, at + 1, sizeBytes - 1);
  return undefined;
}

/** A dstring: a field of fixed size whose last byte says how many count (ECMA-167 1/7.2.12). */
export function decodeDstring(field: Uint8Array): string {
  const sizeBytes = Math.min(field.at(-1) ?? 0, field.length - 1);
  const view = new DataView(field.buffer, field.byteOffset, field.length);
  return (decodeCompressedUnicode(view, 0, sizeBytes) ?? "").replace(/\0.*$/s, "");
}
