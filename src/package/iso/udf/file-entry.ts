// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../../../errors.ts";
import { ExtendedFileEntry, FileEntry, TAG_ID, type Timestamp } from "./layout.ts";
import { type BlockAddress, readDescriptor, type UdfVolume } from "./volume.ts";

/** The one strategy of UDF but for discs that are written once, which chain entries (ECMA-167 4/A.5; OSTA UDF 2.3.5.1). */
const STRATEGY_DIRECT = 4;

/** What a file entry says, in either of its forms. */
export interface Entry {
  /** Partition reference of its block; short allocation descriptors count in that partition. */
  readonly partition: number;
  /** Offset of the entry in the image. */
  readonly offset: number;
  readonly fileType: number;
  /** `ALLOCATION`. */
  readonly allocation: number;
  readonly sizeBytes: number;
  readonly modified: Timestamp;
  /** The allocation descriptors, or the data itself where it is embedded. */
  readonly descriptors: DataView;
  /** Their offset in the image. */
  readonly descriptorsOffset: number;
}

const STRUCTURE = FileEntry.structName;

/** Reads the file entry in a block. Throws UDF_TAG, UDF_FILE_ENTRY or UDF_UNSUPPORTED. */
export function readFileEntry(volume: UdfVolume, address: BlockAddress): Entry {
  const ids = [TAG_ID.fileEntry, TAG_ID.extendedFileEntry];
  const { view, offset, id } = readDescriptor(volume, address, STRUCTURE, ids);
  const Layout = id === TAG_ID.fileEntry ? FileEntry : ExtendedFileEntry;
  const fields = new Layout(view);
  const { icb, modified, attributesSizeBytes, allocationSizeBytes } = fields;
  const sizeBytes = locate({ structure: STRUCTURE, offset }, () => fields.sizeBytes);
  if (icb.strategy !== STRATEGY_DIRECT) {
    const message = `the file entry follows strategy ${icb.strategy}, not ${STRATEGY_DIRECT}`;
    throw new VmguestError("UDF_UNSUPPORTED", message, { structure: STRUCTURE, offset });
  }
  const descriptorsAt = Layout.sizeBytes + attributesSizeBytes;
  if (descriptorsAt + allocationSizeBytes > view.byteLength) {
    const sizes = `${attributesSizeBytes} bytes of attributes and ${allocationSizeBytes} of allocation descriptors`;
    throw new VmguestError("UDF_FILE_ENTRY", `${sizes} do not fit into the block`, {
      structure: STRUCTURE,
      offset,
    });
  }
  return {
    partition: address.partition,
    offset,
    fileType: icb.fileType,
    allocation: icb.flags & 7,
    sizeBytes,
    modified,
    descriptors: new DataView(view.buffer, view.byteOffset + descriptorsAt, allocationSizeBytes),
    descriptorsOffset: offset + descriptorsAt,
  };
}
