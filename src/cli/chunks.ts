// SPDX-License-Identifier: MIT
import { type ByteSource, readBytes } from "../io/index.ts";

/** Large enough that system calls do not count, small enough to hold whatever the size of the file. */
const CHUNK_SIZE_BYTES = 1024 * 1024;

/** The bytes of a source, chunk by chunk. */
export function* chunksOf(source: ByteSource): Generator<Uint8Array> {
  for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_SIZE_BYTES) {
    yield readBytes(source, offset, Math.min(CHUNK_SIZE_BYTES, source.sizeBytes - offset));
  }
}
