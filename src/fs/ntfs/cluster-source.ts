// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "../../io/index.ts";
import type { ClusterMap } from "./cluster-map.ts";
import { HOLE } from "./runs.ts";

/** Reading more than this at once would break the promise that an audit stays below 512 MiB. */
const READ_LENGTH_MAX = 128 * 1024 * 1024;

/** Where the bytes of a non-resident attribute are, and how many of them count. */
export interface ClusterExtent {
  readonly volume: ByteSource;
  readonly clusterSizeBytes: number;
  readonly map: ClusterMap;
  /** Bytes of the value. */
  readonly sizeBytes: number;
  /** Bytes of it that were ever written; the rest reads as zeros, whatever the clusters hold. */
  readonly initializedBytes: number;
  /** What it is called in errors: a path, perhaps with a stream name. */
  readonly name: string;
}

/** A non-resident attribute that is stored as it is: clusters and holes. */
export class ClusterSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #extent: ClusterExtent;

  /** The caller has checked that the map covers `sizeBytes`. */
  constructor(extent: ClusterExtent) {
    this.#extent = extent;
    this.sizeBytes = extent.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    const { volume, initializedBytes, name } = this.#extent;
    checkRead(name, this.sizeBytes, offset, length);
    if (length > 0 && offset + length <= initializedBytes) {
      const piece = this.#pieceAt(offset, length);
      // What lies in one piece is read straight from the volume: no copy, and one request to the storage.
      if (piece.length === length && piece.volumeOffset !== HOLE)
        return volume.read(piece.volumeOffset, length);
    }
    const target = new Uint8Array(length);
    const end = Math.min(offset + length, initializedBytes);
    for (let at = offset; at < end; ) {
      const piece = this.#pieceAt(at, end - at);
      if (piece.volumeOffset !== HOLE) {
        target.set(readBytes(volume, piece.volumeOffset, piece.length), at - offset);
      }
      at += piece.length;
    }
    return new DataView(target.buffer);
  }

  originOf(offset: number, length: number): Origin | undefined {
    const { volume, initializedBytes, name } = this.#extent;
    checkRange(name, this.sizeBytes, offset, length);
    if (length === 0 || offset + length > initializedBytes) return undefined;
    const piece = this.#pieceAt(offset, length);
    if (piece.length < length || piece.volumeOffset === HOLE) return undefined;
    return volume.originOf?.(piece.volumeOffset, length);
  }

  /** The longest stretch from `offset` on, up to `lengthMax` bytes, that one range of the volume or one hole holds. */
  #pieceAt(offset: number, lengthMax: number): { volumeOffset: number; length: number } {
    const { clusterSizeBytes, map } = this.#extent;
    const vcn = Math.floor(offset / clusterSizeBytes);
    const inCluster = offset - vcn * clusterSizeBytes;
    const { lcn, lengthClusters } = map.find(vcn, Math.ceil((inCluster + lengthMax) / clusterSizeBytes));
    return {
      volumeOffset: lcn === HOLE ? HOLE : lcn * clusterSizeBytes + inCluster,
      length: Math.min(lengthMax, lengthClusters * clusterSizeBytes - inCluster),
    };
  }
}

/** The checks before any read from an attribute: inside its value, and not absurdly much at once. */
export function checkRead(name: string, sizeBytes: number, offset: number, length: number): void {
  checkRange(name, sizeBytes, offset, length);
  if (length <= READ_LENGTH_MAX) return;
  throw new VmguestError("LIMIT_EXCEEDED", `${length} bytes were to be read at once`, {
    structure: name,
    offset,
  });
}
