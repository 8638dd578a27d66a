// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { DESCRIPTOR_TYPE, FIRST_DESCRIPTOR_SECTOR, SECTOR_SIZE_BYTES, VolumeDescriptor } from "./layout.ts";

/** A disc has three or four descriptors; a hundred mean that no terminator will come. */
const DESCRIPTOR_COUNT_MAX = 64;

/** `%/@`, `%/C` and `%/E`: UCS-2 of level 1, 2 and 3 (Joliet, "SVD Escape Sequences Field"). */
const JOLIET_LEVELS = [0x40, 0x43, 0x45];

/** A descriptor and where it is. */
export interface PlacedDescriptor {
  readonly offset: number;
  readonly fields: VolumeDescriptor;
}

/** The descriptors that lead to a tree of directories each. */
export interface IsoDescriptors {
  readonly primary: PlacedDescriptor | undefined;
  readonly joliet: PlacedDescriptor | undefined;
}

/** Reads the volume descriptors up to their end, or to the first sector that is none. */
export function readDescriptors(source: ByteSource): IsoDescriptors {
  let primary: PlacedDescriptor | undefined;
  let joliet: PlacedDescriptor | undefined;
  for (let index = 0; index < DESCRIPTOR_COUNT_MAX; index++) {
    const offset = (FIRST_DESCRIPTOR_SECTOR + index) * SECTOR_SIZE_BYTES;
    if (offset + SECTOR_SIZE_BYTES > source.sizeBytes) break;
    const fields = new VolumeDescriptor(source.read(offset, SECTOR_SIZE_BYTES));
    if (fields.identifier !== "CD001" || fields.type === DESCRIPTOR_TYPE.end) break;
    if (fields.type === DESCRIPTOR_TYPE.primary) primary ??= { offset, fields };
    if (isJoliet(fields)) joliet ??= { offset, fields };
  }
  return { primary, joliet };
}

function isJoliet({ type, escapeSequences: [first, second, level] }: VolumeDescriptor): boolean {
  if (type !== DESCRIPTOR_TYPE.supplementary || first !== 0x25 || second !== 0x2f) return false;
  return JOLIET_LEVELS.includes(level ?? 0);
}

/** The block size of a descriptor; throws ISO_DESCRIPTOR where it is none of the three that there are. */
export function checkedBlockSize({ offset, fields: { blockSizeBytes } }: PlacedDescriptor): number {
  if (blockSizeBytes === 512 || blockSizeBytes === 1024 || blockSizeBytes === 2048) return blockSizeBytes;
  throw new VmguestError("ISO_DESCRIPTOR", `blocks of ${blockSizeBytes} bytes are not those of a disc`, {
    structure: VolumeDescriptor.structName,
    offset,
  });
}
