// SPDX-License-Identifier: MIT
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VolumePlan } from "./plan.ts";
import { populate } from "./populate.ts";
import { copySparse, feed, MIB, makeSparseFile, run, withNtfs3g } from "./tools.ts";

const SECTOR = 512;
const MSR = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE";

/** A disk image as other programs made it, and the volume alone as it was put in. */
export interface BuiltImage {
  readonly image: string;
  /** QEMU's name of the image's format. */
  readonly format: "raw" | "vhdx" | "vpc";
  /** The NTFS volume by itself. */
  readonly volume: string;
}

/** Has mkntfs, ntfs-3g, sfdisk or sgdisk, and qemu-img make the image of a plan. */
export function buildImage(folder: string, plan: VolumePlan): BuiltImage {
  const volume = join(folder, `${plan.seed}.ntfs`);
  const { clusterSizeBytes, sectorSizeBytes } = plan;
  makeSparseFile(volume, plan.sizeBytes);
  const format = ["-c", `${clusterSizeBytes}`, "-s", `${sectorSizeBytes}`, "-L", `Größe ${plan.seed}`];
  run("mkntfs", "-F", "-Q", "-q", ...format, volume);
  withNtfs3g(volume, "compression,big_writes,streams_interface=windows", (mount) => populate(mount, plan));

  const disk = join(folder, `${plan.seed}.disk`);
  layDisk(disk, volume, plan);
  return { ...pack(disk, plan.container), volume };
}

/** Puts the volume where the partition table of the plan has it. */
function layDisk(disk: string, volume: string, { table, sizeBytes, seed }: VolumePlan): void {
  if (table === "none") {
    makeSparseFile(disk, sizeBytes);
    copySparse(volume, disk, 0);
    return;
  }
  makeSparseFile(disk, sizeBytes + 6 * MIB);
  const sectors = sizeBytes / SECTOR;
  const first = table === "mbr" && seed % 3 === 0 ? 63 : 4096;
  const isSgdisksTurn = table === "gpt" && seed % 16 === 1;
  if (isSgdisksTurn) {
    const partitions = ["-n1:2048:+512K", "-t1:0c01", `-n2:${first}:+${sizeBytes / 1024}K`, "-c2:Größe ☃"];
    run("sgdisk", "--set-alignment=1", ...partitions, disk);
  } else {
    const script = {
      gpt: [
        "label: gpt",
        `start=2048, size=1024, type=${MSR}`,
        `start=${first}, size=${sectors}, name="Größe ☃"`,
      ],
      mbr: ["label: dos", `start=${first}, size=${sectors}, type=7, bootable`],
      "mbr-logical": [
        "label: dos",
        "start=2048, size=1024, type=83",
        `start=3072, size=${sectors + 4096}, type=f`,
        `start=${first}, size=${sectors}, type=7`,
      ],
    }[table];
    feed(script.join("\n"), "sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk);
  }
  copySparse(volume, disk, first * SECTOR);
}

/** Converts a raw disk, which is gone after it, into the container. */
export function pack(disk: string, container: VolumePlan["container"]): Omit<BuiltImage, "volume"> {
  const [kind, subformat, blockMib] = container.split("-");
  if (kind === "raw") {
    renameSync(disk, `${disk}.raw`);
    return { image: `${disk}.raw`, format: "raw" };
  }
  const format = kind === "vhdx" ? "vhdx" : "vpc";
  const sizing = format === "vhdx" ? `block_size=${blockMib}M` : "force_size=on";
  const image = `${disk}.${kind}`;
  const options = ["-f", "raw", "-O", format, "-o", `subformat=${subformat},${sizing}`];
  run("qemu-img", "convert", ...options, disk, image);
  rmSync(disk);
  return { image, format };
}
