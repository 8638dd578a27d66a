// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import type { DiskFormat, DiskKind, ParentReference } from "./disk.ts";

/** A stretch of the virtual disk, from `start` up to `end`, whose bytes are all in one place. */
export type Extent =
  | { readonly in: "file"; readonly start: number; readonly end: number; readonly fileOffset: number }
  | { readonly in: "nothing" | "parent"; readonly start: number; readonly end: number };

/** Where one file has the bytes of a virtual disk; each container format has its own. */
export interface ExtentMap {
  /** The extent that holds byte `offset` of the disk, or a part of it from there on; never called past the end. */
  extentAt(offset: number): Extent;
}

/** What a container says about the disk in it. */
export interface LayerProperties {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly logState: "clean" | "replayed";
  readonly dataWriteGuid: string | undefined;
  /** What a child knows its parent by; see `ChainLink`. */
  readonly identity: string | undefined;
  /** Undefined for a disk that stands alone. */
  readonly parent: ParentReference | undefined;
  readonly findings: readonly Finding[];
}

/** One file of a disk: the disk itself, or what differs from the layer below it. */
export class Layer {
  readonly properties: LayerProperties;
  /** The file as its log, if it has one, leaves it. */
  readonly file: ByteSource;
  readonly #map: ExtentMap;
  /** Lookups follow one another, and those of a child are finer than those of its parents. */
  #latest: Extent = { in: "nothing", start: 0, end: 0 };

  constructor(properties: LayerProperties, file: ByteSource, map: ExtentMap) {
    this.properties = properties;
    this.file = file;
    this.#map = map;
  }

  extentAt(offset: number): Extent {
    if (offset < this.#latest.start || offset >= this.#latest.end) this.#latest = this.#map.extentAt(offset);
    return this.#latest;
  }
}

/** The map of a disk that stands in its file from the first byte on, as it is. */
export function flatMap(sizeBytes: number): ExtentMap {
  const whole: Extent = { in: "file", start: 0, end: sizeBytes, fileOffset: 0 };
  return { extentAt: () => whole };
}
