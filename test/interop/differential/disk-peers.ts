// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type ByteSource, readBytes } from "../../../src/io/index.ts";
import type { Volume } from "../../../src/volume/index.ts";
import type { BuiltImage } from "./build.ts";
import { MIB, run, withMount } from "./tools.ts";

const SECTOR = 512;

/** Programs that unpack an image: each runs `work` on a raw file with the disk as it sees it. */
export const DISK_PEERS = {
  QEMU: <T>({ image, format }: Omit<BuiltImage, "volume">, work: (raw: string) => T): T => {
    const raw = `${image}.qemu`;
    run("qemu-img", "convert", "-f", format, "-O", "raw", image, raw);
    try {
      return work(raw);
    } finally {
      rmSync(raw);
    }
  },
  libvhdi: <T>({ image, format }: Omit<BuiltImage, "volume">, work: (raw: string) => T): T => {
    if (format === "raw") return work(image);
    return withMount(
      `${image}.libvhdi`,
      (mount) => run("vhdimount", image, mount),
      (mount) => work(join(mount, "vhdi1")),
    );
  },
};

/** First byte at which two sources differ, their shorter size where they do so in size, or undefined. */
export function firstDifference(left: ByteSource, right: ByteSource): number | undefined {
  const size = Math.min(left.sizeBytes, right.sizeBytes);
  for (let offset = 0; offset < size; offset += MIB) {
    const length = Math.min(MIB, size - offset);
    const [ours, theirs] = [readBytes(left, offset, length), readBytes(right, offset, length)];
    if (Buffer.compare(ours, theirs) !== 0) return offset + ours.findIndex((byte, at) => byte !== theirs[at]);
  }
  return left.sizeBytes === right.sizeBytes ? undefined : size;
}

interface Extent {
  readonly start: number;
  readonly size: number;
}

/** Programs that list the partitions of a raw disk, in sectors. */
export const PARTITION_PEERS = {
  sfdisk: (raw: string): Extent[] => {
    const { partitiontable } = JSON.parse(run("sfdisk", "--json", raw)) as {
      partitiontable: { partitions: (Extent & { type: string })[] };
    };
    return partitiontable.partitions
      .filter(({ type }) => type !== "f")
      .map(({ start, size }) => ({ start, size }));
  },
  mmls: (raw: string): Extent[] =>
    [...run("mmls", raw).matchAll(/^\d+: +\d\d\d(?::\d\d\d)? +(\d+) +\d+ +(\d+) +(.*)$/gm)].map(
      ([, start, size]) => ({ start: Number(start), size: Number(size) }),
    ),
};

export const extentsOf = (volumes: readonly Volume[]): Extent[] =>
  volumes.map(({ offset, sizeBytes }) => ({ start: offset / SECTOR, size: sizeBytes / SECTOR }));
