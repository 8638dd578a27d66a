// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { type ExtentMap, ExtentSource, HOLE } from "../extent-source.ts";
import { checkPart } from "../part.ts";
import type { DiscChild, DiscEntryType, DiscNode } from "../tree.ts";
import { readExtents } from "./allocation.ts";
import { readDirectory } from "./directory.ts";
import { type Entry, readFileEntry } from "./file-entry.ts";
import { FILE_TYPE } from "./layout.ts";
import { formatTimestamp } from "./timestamp.ts";
import type { BlockAddress, UdfVolume } from "./volume.ts";

const TYPES: ReadonlyMap<number, DiscEntryType> = new Map([
  [FILE_TYPE.directory, "directory"],
  [FILE_TYPE.file, "file"],
  [FILE_TYPE.realTime, "file"],
  [FILE_TYPE.link, "link"],
]);

/** A file or directory of UDF. */
export class UdfNode implements DiscNode {
  readonly type: DiscEntryType;
  readonly sizeBytes: number;
  readonly modified: string | null;
  readonly place: number;
  readonly #volume: UdfVolume;
  readonly #entry: Entry;

  private constructor(volume: UdfVolume, entry: Entry) {
    this.#volume = volume;
    this.#entry = entry;
    this.type = TYPES.get(entry.fileType) ?? "device";
    this.sizeBytes = entry.sizeBytes;
    this.modified = formatTimestamp(entry.modified);
    this.place = entry.offset;
  }

  /** Reads the file entry in a block. */
  static open(volume: UdfVolume, address: BlockAddress): UdfNode {
    return new UdfNode(volume, readFileEntry(volume, address));
  }

  *children(): Generator<DiscChild> {
    const volume = this.#volume;
    const map = this.#extents();
    const placeOf = (inDirectory: number) => {
      const { offset } = map.pieceAt(inDirectory, 1);
      return offset === HOLE ? this.place : offset;
    };
    for (const { name, icb, offset } of readDirectory(
      new ExtentSource(volume.source, map),
      placeOf,
      volume.note,
    )) {
      yield { name, offset: placeOf(offset), node: () => UdfNode.open(volume, icb) };
    }
  }

  content(): ByteSource {
    return new ExtentSource(this.#volume.source, this.#extents());
  }

  /** The extents, all of which lie inside the image. */
  #extents(): ExtentMap {
    const { source } = this.#volume;
    const map = readExtents(this.#volume, this.#entry);
    for (const { offset, sizeBytes } of map.extents) {
      if (offset !== HOLE)
        checkPart(source, `extent of the file entry at 0x${this.place.toString(16)}`, offset, sizeBytes);
    }
    return map;
  }
}

/** The root of a volume, or UDF_VOLUME where its entry is not that of a directory. */
export function openRoot(volume: UdfVolume, address: BlockAddress): UdfNode {
  const root = UdfNode.open(volume, address);
  if (root.type === "directory") return root;
  throw new VmguestError("UDF_VOLUME", "the root is not a directory", {
    structure: "file entry",
    offset: root.place,
  });
}
