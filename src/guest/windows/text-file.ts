// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16 } from "../../bytes/index.ts";

/** The text of a file of Windows: in the system's code page, or in UTF-16 with its mark, as policies and editors write it. */
export function decodeText(view: DataView): string {
  const isUtf16 = view.byteLength >= 2 && view.getUint16(0, true) === 0xfeff;
  return isUtf16 ? decodeUtf16(view, 2, view.byteLength - 2) : decodeLatin1(view, 0, view.byteLength);
}
