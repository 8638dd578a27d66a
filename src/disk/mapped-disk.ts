// SPDX-License-Identifier: MIT
import { type Finding, located, VmguestError } from "../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "../io/index.ts";
import type { Chain } from "./chain.ts";
import type { ChainLink, Disk, DiskFormat, DiskKind } from "./disk.ts";
import type { Layer } from "./layer.ts";

/** A stretch of the virtual disk that lies in one piece, in whichever file. */
type Piece =
  | {
      readonly start: number;
      readonly end: number;
      readonly file: ByteSource;
      readonly fileOffset: number;
    }
  | { readonly start: number; readonly end: number; readonly file: undefined };

/** Nothing of a guest is read in larger pieces; a damaged length must not become an allocation. */
const READ_LENGTH_MAX = 64 * 1024 * 1024;

/** A virtual disk put together from the extents of its files; what lies in none of them reads as zeros. */
export class MappedDisk implements Disk {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly logState: "clean" | "replayed";
  readonly dataWriteGuid: string | undefined;
  readonly chain: readonly ChainLink[];
  readonly findings: readonly Finding[];
  readonly #layers: readonly Layer[];
  /** Reads follow one another: the block that was just looked up usually serves the next one as well. */
  #latest: Piece = { start: 0, end: 0, file: undefined };

  constructor({ layers, links, findings }: Chain) {
    const { properties } = layers[0];
    this.format = properties.format;
    this.kind = properties.kind;
    this.sizeBytes = properties.sizeBytes;
    this.logicalSectorSizeBytes = properties.logicalSectorSizeBytes;
    this.logState = links.some(({ logState }) => logState === "replayed") ? "replayed" : "clean";
    this.dataWriteGuid = properties.dataWriteGuid;
    this.chain = links;
    this.findings = findings;
    this.#layers = layers;
  }

  read(offset: number, length: number): DataView {
    checkRange("the virtual disk", this.sizeBytes, offset, length);
    if (length > READ_LENGTH_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `${length} bytes are too many to be read at once`, {
        structure: "the virtual disk",
        offset,
      });
    }
    if (length === 0) return new DataView(new ArrayBuffer(0));
    const piece = this.#pieceAt(offset);
    if (offset + length > piece.end) return this.#gather(offset, length);
    if (piece.file === undefined) return new DataView(new ArrayBuffer(length));
    return piece.file.read(piece.fileOffset + offset - piece.start, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the virtual disk", this.sizeBytes, offset, length);
    if (length === 0) return undefined;
    const piece = this.#pieceAt(offset);
    if (piece.file === undefined || offset + length > piece.end) return undefined;
    return piece.file.originOf?.(piece.fileOffset + offset - piece.start, length);
  }

  /** A copy of a range over several pieces. */
  #gather(offset: number, length: number): DataView {
    const target = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const piece = this.#pieceAt(at);
      const count = Math.min(length - done, piece.end - at);
      if (piece.file !== undefined) {
        target.set(readBytes(piece.file, piece.fileOffset + at - piece.start, count), done);
      }
      done += count;
    }
    return new DataView(target.buffer);
  }

  #pieceAt(offset: number): Piece {
    if (offset < this.#latest.start || offset >= this.#latest.end) this.#latest = this.#findPiece(offset);
    return this.#latest;
  }

  /**
   * The piece from the first layer that has the byte: the image, or else the nearest parent. A loop and not a call from
   * child to parent, so that no chain, however long, costs stack or copies on the way.
   */
  #findPiece(offset: number): Piece {
    let start = 0;
    let end = this.sizeBytes;
    for (const [depth, layer] of this.#layers.entries()) {
      const { sizeBytes } = layer.properties;
      // A disk that was enlarged after its child was made: what the parent does not reach is zeros.
      if (offset >= sizeBytes) return { start: Math.max(start, sizeBytes), end, file: undefined };
      const extent = this.#extentOf(layer, depth, offset);
      start = Math.max(start, extent.start);
      end = Math.min(end, extent.end);
      if (extent.in === "nothing") return { start, end, file: undefined };
      if (extent.in === "file") {
        return { start, end, file: layer.file, fileOffset: extent.fileOffset + start - extent.start };
      }
    }
    return { start, end, file: undefined };
  }

  #extentOf(layer: Layer, depth: number, offset: number) {
    try {
      return layer.extentAt(offset);
    } catch (error) {
      const name = this.chain[depth]?.name;
      throw name === undefined ? error : located(error, { image: name });
    }
  }
}

/** The disk of a chain that is complete; throws what ended the others. */
export function openChain(chain: Chain): Disk {
  if (chain.error !== undefined) throw chain.error;
  return new MappedDisk(chain);
}
