// SPDX-License-Identifier: MIT

const CALL = 0xe8;
/** The last bytes of a frame are never translated. */
const TAIL_SIZE = 10;

/**
 * Puts back the relative targets of x86 calls in a frame that begins at `frameStart` of what is expanded; an encoder
 * stores them as absolute ones, since those repeat (MS-PATCH 2.9.4). `fileSize` is what the stream says, as a signed
 * number.
 */
export function undoX86Filter(frame: Uint8Array, frameStart: number, fileSize: number): void {
  const { buffer, byteOffset, byteLength } = frame;
  const view = new DataView(buffer, byteOffset, byteLength);
  // A Buffer finds bytes several times faster than a Uint8Array does.
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const end = frame.length - TAIL_SIZE;
  for (let at = bytes.indexOf(CALL); at >= 0 && at < end; at = bytes.indexOf(CALL, at + 5)) {
    const target = view.getInt32(at + 1, true);
    const position = frameStart + at;
    if (target < -position || target >= fileSize) continue;
    view.setInt32(at + 1, target >= 0 ? target - position : target + fileSize, true);
  }
}
