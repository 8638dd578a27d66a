// SPDX-License-Identifier: MIT

const CALL = 0xe8;
/** The last bytes of a chunk are never translated. */
const TAIL_SIZE_BYTES = 10;
/** The file size that the format pretends, whatever it is. */
const FILE_SIZE_BYTES = 12_000_000;

/**
 * Puts back the relative targets of x86 calls, which LZX stores as absolute ones since those repeat (MS-PATCH 2.9.4). In
 * WIM and WOF every chunk is translated on its own.
 */
export function undoX86Filter(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length - TAIL_SIZE_BYTES; at++) {
    if (bytes[at] !== CALL) continue;
    const target = view.getInt32(at + 1, true);
    if (target >= -at && target < FILE_SIZE_BYTES) {
      view.setInt32(at + 1, target >= 0 ? target - at : target + FILE_SIZE_BYTES, true);
    }
    at += 4;
  }
}
