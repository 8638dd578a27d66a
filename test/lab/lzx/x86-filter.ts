const TAIL_SIZE = 10;
const FRAME_SIZE = 32_768;

/** A copy in which the relative targets of x86 calls are absolute ones, frame by frame, as a reader has to undo it. */
export function filterCalls(content: Uint8Array, fileSize: number): Uint8Array {
  const bytes = content.slice();
  const view = new DataView(bytes.buffer);
  for (let start = 0; start < bytes.length; start += FRAME_SIZE) {
    const end = Math.min(start + FRAME_SIZE, bytes.length) - TAIL_SIZE;
    for (let at = bytes.indexOf(0xe8, start); at >= 0 && at < end; at = bytes.indexOf(0xe8, at + 5)) {
      const relative = view.getInt32(at + 1, true);
      if (relative < -at || relative >= fileSize) continue;
      const absolute = relative + at;
      view.setInt32(at + 1, absolute < fileSize ? absolute : relative - fileSize, true);
    }
  }
  return bytes;
}
