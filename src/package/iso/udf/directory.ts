// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { Note } from "../tree.ts";
import { checkTag } from "./descriptor.ts";
import { CHARACTERISTICS, FileIdentifier, TAG_ID } from "./layout.ts";
import { decodeCompressedUnicode } from "./text.ts";
import type { BlockAddress } from "./volume.ts";

/** An entry of a directory. */
export interface Identifier {
  readonly name: string;
  /** Block of the file entry. */
  readonly icb: BlockAddress;
  /** Offset of the entry in the directory. */
  readonly offset: number;
}

const STRUCTURE = FileIdentifier.structName;

/**
 * The entries of a directory, without its parent and what was deleted; `placeOf` gives the offset in the image of one in
 * the directory, for errors. Throws UDF_TAG or UDF_DIRECTORY at the first one that is damaged.
 */
export function* readDirectory(
  data: ByteSource,
  placeOf: (offset: number) => number,
  note: Note,
): Generator<Identifier> {
  let sizeBytes = 0;
  for (let offset = 0; offset < data.sizeBytes; offset += sizeBytes) {
    const head = new FileIdentifier(readRest(data, offset, FileIdentifier.sizeBytes, placeOf));
    const nameAt = FileIdentifier.sizeBytes + head.implementationSizeBytes;
    const usedBytes = nameAt + head.nameSizeBytes;
    sizeBytes = usedBytes + ((4 - (usedBytes % 4)) % 4);
    const view = readRest(data, offset, sizeBytes, placeOf);
    checkTag(view, 0, { structure: STRUCTURE, offset: placeOf(offset), ids: [TAG_ID.fileIdentifier] }, note);
    const { characteristics, nameSizeBytes, icb } = new FileIdentifier(view);
    if ((characteristics & (CHARACTERISTICS.deleted | CHARACTERISTICS.parent)) !== 0) continue;
    const name = decodeCompressedUnicode(view, nameAt, nameSizeBytes);
    if (name === undefined) {
      const message = `a name has characters of ${view.getUint8(nameAt)} bits, not 8 or 16`;
      throw new VmguestError("UDF_DIRECTORY", message, { structure: STRUCTURE, offset: placeOf(offset) });
    }
    yield { name, icb: { partition: icb.partition, block: icb.block }, offset };
  }
}

function readRest(
  data: ByteSource,
  offset: number,
  length: number,
  placeOf: (offset: number) => number,
): DataView {
  const left = data.sizeBytes - offset;
  if (length <= left) return data.read(offset, length);
  const message = `an entry needs ${length} bytes, but the directory ends after ${left}`;
  throw new VmguestError("UDF_DIRECTORY", message, { structure: STRUCTURE, offset: placeOf(offset) });
}
