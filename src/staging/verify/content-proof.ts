// SPDX-License-Identifier: MIT
import type { Run } from "../../fs/structures/index.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { isSame, isZero, proofError } from "./proof-error.ts";

/** Contents are compared in pieces of this size. */
const PIECE_BYTES = 1024 * 1024;

/** Shows that a file holds exactly what was planned. Throws STAGE_PROOF_CONTENT. */
export function proveContent(path: string, file: ByteSource, planned: ByteSource): void {
  if (file.sizeBytes !== planned.sizeBytes) {
    const message = `has ${file.sizeBytes} bytes, not the ${planned.sizeBytes} that were planned`;
    throw proofError("STAGE_PROOF_CONTENT", message, { path });
  }
  for (let at = 0; at < planned.sizeBytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, planned.sizeBytes - at);
    if (isSame(readBytes(file, at, length), readBytes(planned, at, length))) continue;
    throw proofError("STAGE_PROOF_CONTENT", "does not hold what was planned", { path, offset: at });
  }
}

/** Shows that the clusters of a file hold zeros behind its end. Throws STAGE_PROOF_CONTENT. */
export function proveTail(
  path: string,
  volume: ByteSource,
  runs: readonly Run[],
  { sizeBytes, clusterSizeBytes }: { readonly sizeBytes: number; readonly clusterSizeBytes: number },
): void {
  let streamOffset = 0;
  for (const { lcn, lengthClusters } of runs) {
    const length = lengthClusters * clusterSizeBytes;
    const from = Math.max(0, sizeBytes - streamOffset);
    for (let at = from; at < length; at += PIECE_BYTES) {
      const piece = Math.min(PIECE_BYTES, length - at);
      if (isZero(readBytes(volume, lcn * clusterSizeBytes + at, piece))) continue;
      throw proofError("STAGE_PROOF_CONTENT", "has more than zeros behind its end", {
        path,
        offset: streamOffset + at,
      });
    }
    streamOffset += length;
  }
}
