// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { type ByteSource, readBytes } from "../../io/index.ts";

const CHUNK_SIZE = 1024 * 1024;

/** SHA-256 of all bytes of `source`, as lower-case hexadecimal; reads it through once, a MiB at a time. */
export function sha256Of(source: ByteSource): string {
  const hash = createHash("sha256");
  for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_SIZE) {
    hash.update(readBytes(source, offset, Math.min(CHUNK_SIZE, source.sizeBytes - offset)));
  }
  return hash.digest("hex");
}
