/** What a block of a cabinet expands to, but for the last one of a folder. */
export const FRAME_SIZE = 32_768;

/** Pieces that come again, near and far, with noise and calls in between; the same for the same seed. */
export function mixture(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let at = 0; at < sizeBytes; ) {
    const length = 1 + next(next(8) === 0 ? 600 : 20);
    const from = next(3) === 0 ? -1 : next(at + 1) - 1;
    if (next(5) === 0) bytes.set([0xe8, next(256), next(256), 0, 0].slice(0, sizeBytes - at), at);
    for (const end = Math.min(sizeBytes, at + length); at < end; at++) {
      bytes[at] = from < 0 ? next(256) : (bytes[from + (at % length)] as number);
    }
  }
  return bytes;
}
