// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "../../io/index.ts";

/** Offset of an extent that is stored nowhere: it reads as zeros. */
export const HOLE = -1;

/** A piece of a file: where its bytes are in the image. */
export interface Extent {
  /** Offset in the image, or {@link HOLE}. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** More pieces than any disc has: those written in packets of 64 KiB have them for 16 GiB. */
const EXTENT_COUNT_MAX = 262_144;

/** Reading more than this at once would break the promise that nothing allocates more than 512 MiB. */
const READ_LENGTH_MAX = 128 * 1024 * 1024;

/** The pieces of a file in order, neighbours joined, so that a file in one stretch of the image is one piece. */
export class ExtentMap {
  #sizeBytes = 0;
  readonly #extents: Extent[] = [];
  /** Where each extent begins in the file. */
  readonly #starts: number[] = [];

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds a piece at the end; throws LIMIT_EXCEEDED where there are too many. */
  add(offset: number, sizeBytes: number): void {
    if (sizeBytes === 0) return;
    const last = this.#extents.at(-1);
    this.#sizeBytes += sizeBytes;
    if (last !== undefined && continues(last, offset)) {
      this.#extents[this.#extents.length - 1] = {
        offset: last.offset,
        sizeBytes: last.sizeBytes + sizeBytes,
      };
      return;
    }
    if (this.#extents.length >= EXTENT_COUNT_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `a file is in more than ${EXTENT_COUNT_MAX} pieces`, {
        offset,
      });
    }
    this.#extents.push({ offset, sizeBytes });
    this.#starts.push(this.#sizeBytes - sizeBytes);
  }

  /** The pieces in order. */
  get extents(): readonly Extent[] {
    return this.#extents;
  }

  /** The longest stretch from `offset` on, up to `sizeMax` bytes, that one piece holds. `offset` is inside the file. */
  pieceAt(offset: number, sizeMax: number): Extent {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const extent = this.#extents[low] ?? { offset: HOLE, sizeBytes: 0 };
    const skipped = offset - (this.#starts[low] ?? 0);
    return {
      offset: extent.offset === HOLE ? HOLE : extent.offset + skipped,
      sizeBytes: Math.min(sizeMax, extent.sizeBytes - skipped),
    };
  }
}

function continues(last: Extent, offset: number): boolean {
  return last.offset === HOLE ? offset === HOLE : offset === last.offset + last.sizeBytes;
}

/** A file on a disc: extents and holes, read in place. */
export class ExtentSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #image: ByteSource;
  readonly #map: ExtentMap;

  /** The caller has checked that the extents lie inside the image. */
  constructor(image: ByteSource, map: ExtentMap) {
    this.#image = image;
    this.#map = map;
    this.sizeBytes = map.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the file", this.sizeBytes, offset, length);
    if (length === 0) return new DataView(new ArrayBuffer(0));
    if (length > READ_LENGTH_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `${length} bytes were to be read at once`, { offset });
    }
    const first = this.#map.pieceAt(offset, length);
    // What lies in one piece is read straight from the image: no copy, and one request to the storage.
    if (first.sizeBytes === length && first.offset !== HOLE) return this.#image.read(first.offset, length);
    return this.#gather(offset, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the file", this.sizeBytes, offset, length);
    if (length === 0) return undefined;
    const piece = this.#map.pieceAt(offset, length);
    if (piece.sizeBytes < length || piece.offset === HOLE) return undefined;
    return this.#image.originOf?.(piece.offset, length);
  }

  #gather(offset: number, length: number): DataView {
    const target = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const piece = this.#map.pieceAt(offset + at, length - at);
      if (piece.offset !== HOLE) target.set(readBytes(this.#image, piece.offset, piece.sizeBytes), at);
      at += piece.sizeBytes;
    }
    return new DataView(target.buffer);
  }
}
