// SPDX-License-Identifier: MIT
import { type Finding, VmguestError } from "../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "../io/index.ts";
import type { Disk, DiskFormat, DiskKind } from "./disk.ts";

/** A stretch of the virtual disk, from `start` up to `end`, that lies in one piece. */
export type Extent =
  | { readonly in: "file"; readonly start: number; readonly end: number; readonly fileOffset: number }
  | { readonly in: "nothing"; readonly start: number; readonly end: number };

/** Where the bytes of a virtual disk are; each container format has its own. */
export interface ExtentMap {
  /** The extent that holds byte `offset` of the disk; never called for a byte past its end. */
  extentAt(offset: number): Extent;
}

/** What a container says about the disk in it. */
export interface DiskProperties {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly logState: "clean" | "replayed";
  readonly dataWriteGuid: string | undefined;
  readonly findings: readonly Finding[];
}

/** Nothing of a guest is read in larger pieces; a damaged length must not become an allocation. */
const READ_LENGTH_MAX = 64 * 1024 * 1024;

/**
 * A virtual disk put together from the extents of a file; what lies in no extent reads as zeros.
 *
 * Everything goes through `extentAt`, so that a parent only means one more place where an extent can be.
 */
export class MappedDisk implements Disk {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly logState: "clean" | "replayed";
  readonly dataWriteGuid: string | undefined;
  readonly findings: readonly Finding[];
  readonly #file: ByteSource;
  readonly #map: ExtentMap;
  /** Reads follow one another: the block that was just looked up usually serves the next one as well. */
  #latest: Extent = { in: "nothing", start: 0, end: 0 };

  constructor(properties: DiskProperties, file: ByteSource, map: ExtentMap) {
    this.format = properties.format;
    this.kind = properties.kind;
    this.sizeBytes = properties.sizeBytes;
    this.logicalSectorSizeBytes = properties.logicalSectorSizeBytes;
    this.logState = properties.logState;
    this.dataWriteGuid = properties.dataWriteGuid;
    this.findings = properties.findings;
    this.#file = file;
    this.#map = map;
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
    const extent = this.#extentAt(offset);
    if (offset + length > extent.end) return this.#gather(offset, length);
    if (extent.in === "nothing") return new DataView(new ArrayBuffer(length));
    return this.#file.read(extent.fileOffset + offset - extent.start, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the virtual disk", this.sizeBytes, offset, length);
    if (length === 0) return undefined;
    const extent = this.#extentAt(offset);
    if (extent.in !== "file" || offset + length > extent.end) return undefined;
    return this.#file.originOf?.(extent.fileOffset + offset - extent.start, length);
  }

  /** A copy of a range over several extents. */
  #gather(offset: number, length: number): DataView {
    const target = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const extent = this.#extentAt(at);
      const count = Math.min(length - done, extent.end - at);
      if (extent.in === "file") {
        target.set(readBytes(this.#file, extent.fileOffset + at - extent.start, count), done);
      }
      done += count;
    }
    return new DataView(target.buffer);
  }

  #extentAt(offset: number): Extent {
    if (offset < this.#latest.start || offset >= this.#latest.end) this.#latest = this.#map.extentAt(offset);
    return this.#latest;
  }
}

/** The map of a disk that stands in its file from the first byte on, as it is. */
export function flatMap(sizeBytes: number): ExtentMap {
  const whole: Extent = { in: "file", start: 0, end: sizeBytes, fileOffset: 0 };
  return { extentAt: () => whole };
}
