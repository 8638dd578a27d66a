import { expect } from "vitest";
import type { Finding } from "../../../../src/errors.ts";
import { checkNtfs } from "../../../../src/fs/check/index.ts";
import { type NtfsVolume, openNtfs } from "../../../../src/fs/index.ts";
import { type CreateOptions, type MadeFile, NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import {
  type ByteSource,
  MemorySource,
  Overlay,
  readBytes,
  WritableSlice,
} from "../../../../src/io/index.ts";
import { encodeDescriptor } from "../../../lab/ntfs/security.ts";
import { LAB_TIME, layNtfs, type NtfsOptions } from "../../../lab/ntfs.ts";

/** A moment after everything on a lab volume was made. */
export const NOW = LAB_TIME + 10_000_000n;

export const AT: CreateOptions = { time: NOW };

/** Where the first partition of a disk begins that was made by Windows XP. */
export const SECTOR_63 = 63 * 512;

const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";
const EVERYONE = "S-1-1-0";

/** What nobody but administrators can write with, and what everybody can. */
export const ADMIN_ONLY = encodeDescriptor({
  owner: ADMINISTRATORS,
  group: ADMINISTRATORS,
  access: [
    { mask: 0x1f01ff, sid: SYSTEM },
    { mask: 0x1f01ff, sid: ADMINISTRATORS },
    { mask: 0x1200a9, sid: EVERYONE },
  ],
});
export const OPEN_TO_ALL = encodeDescriptor({
  owner: ADMINISTRATORS,
  group: ADMINISTRATORS,
  access: [{ mask: 0x1f01ff, sid: EVERYONE }],
});

/** Bytes of a lab volume with room for more, whose files administrators alone can write. */
export function lay(options: NtfsOptions = {}): Uint8Array {
  return layNtfs({
    spareClusters: 400,
    spareRecords: 40,
    descriptors: new Map([[0x100, ADMIN_ONLY]]),
    ...options,
  }).bytes;
}

export interface Bench {
  /** Of the disk that the volume is on. */
  readonly overlay: Overlay;
  readonly writer: NtfsWriter;
  /** The volume as it is now, through a new reader. */
  open(): NtfsVolume;
}

/** A volume that reaches from `volumeOffset` to the end of a disk, and a writer on it. */
export function bench(disk: Uint8Array = lay(), volumeOffset = 0): Bench {
  const overlay = new Overlay(new MemorySource(disk));
  const volume = new WritableSlice(overlay, volumeOffset, disk.length - volumeOffset);
  return { overlay, writer: NtfsWriter.open(volume, { volumeOffset }), open: () => openNtfs(volume) };
}

/** A disk whose volume begins where partitions of Windows XP do: in the middle of a page. */
export function unaligned(volume: Uint8Array): Uint8Array {
  const disk = new Uint8Array(SECTOR_63 + volume.length);
  disk.set(volume, SECTOR_63);
  return disk;
}

/** What a caller would have kept of a file when it was made. */
export function madeOf(volume: NtfsVolume, path: string): MadeFile {
  const { recordNumber, sequence } = volume.require(path);
  return { recordNumber, sequence, shortName: undefined };
}

export function findingsOf(source: ByteSource): Finding[] {
  return [...checkNtfs(openNtfs(source))];
}

/** That the check of a volume finds nothing at all. */
export function expectSound(source: ByteSource): void {
  expect(findingsOf(source)).toEqual([]);
}

/** A file's content. */
export function contentOf(volume: NtfsVolume, path: string): Buffer {
  const source = volume.require(path).open();
  return Buffer.from(readBytes(source, 0, source.sizeBytes));
}

/** The same bytes at every run, and different ones for each seed. */
export function noise(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export function namesIn(volume: NtfsVolume, path: string): string[] {
  return [...volume.require(path).list()].map(({ name }) => name);
}
