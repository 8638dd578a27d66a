import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, runForBytes, withMount } from "../differential/tools.ts";
import type { Truth } from "../guests/builder.ts";

export const CONTAINERS = [
  "vhdx-dynamic",
  "vhdx-fixed",
  "vhdx-diff",
  "vhd-dynamic",
  "vhd-fixed",
  "raw",
] as const;
export type Container = (typeof CONTAINERS)[number];

/** Ending of a container's files. */
export const endingOf = (container: Container): "vhdx" | "vhd" | "raw" =>
  container === "raw" ? "raw" : container.startsWith("vhdx") ? "vhdx" : "vhd";

const QEMU_DRIVERS = { vhdx: "vhdx", vhd: "vpc", raw: "raw" } as const;

type Partition = Pick<Truth["partitions"][number], "offset" | "sectors">;

const SECTOR = 512;

/** Program that unpacks a disk, or a part of it; `libvhdi` and `7-Zip` follow a differencing disk to its parents. */
export type Unpacker = "QEMU" | "libvhdi" | "7-Zip";

/** Who reads a container; QEMU knows no differencing disks. */
export const unpackerOf = (container: Container): Unpacker =>
  container === "vhdx-diff" ? "libvhdi" : "QEMU";

/** Writes a partition, as `unpacker` reads it out of the image, to a file of its own. */
export function unpackPartition(
  image: string,
  { offset, sectors }: Partition,
  target: string,
  unpacker: Unpacker = "QEMU",
): void {
  const sizeBytes = sectors * SECTOR;
  const carve = (disk: string, driver: string) => {
    const source = `file.driver=${driver},file.file.driver=file,file.file.filename=${disk}`;
    const part = `driver=raw,offset=${offset},size=${sizeBytes},${source}`;
    run("qemu-img", "convert", "-O", "raw", "--image-opts", part, target);
  };
  switch (unpacker) {
    case "QEMU":
      carve(image, QEMU_DRIVERS[endingOfPath(image)]);
      break;
    case "libvhdi":
      withMount(
        `${target}.mount`,
        (mount) => run("vhdimount", image, mount),
        // The base first, the disk itself last.
        (mount) => carve(join(mount, run("ls", mount).trim().split("\n").at(-1) ?? ""), "raw"),
      );
      break;
    case "7-Zip": {
      // The disk itself, and not the files on it.
      const disk = `${target}.disk`;
      writeFileSync(disk, runForBytes("7z", "e", "-so", "-tvhdx", image));
      carve(disk, "raw");
      rmSync(disk);
    }
  }
}

const endingOfPath = (path: string) => (/vhdx$/.test(path) ? "vhdx" : /vhd$/.test(path) ? "vhd" : "raw");

/** Gives a raw disk its container, with blocks of that size where it is a VHDX. */
export function packDisk(raw: string, target: string, container: Container, blockSize?: number): void {
  const [format, kind] = container.split("-");
  if (format === "raw") run("cp", "--sparse=always", raw, target);
  else {
    const driver = QEMU_DRIVERS[format as "vhdx" | "vhd"];
    const size =
      driver === "vpc" ? ",force_size=on" : blockSize === undefined ? "" : `,block_size=${blockSize}`;
    run("qemu-img", "convert", "-f", "raw", "-O", driver, "-o", `subformat=${kind}${size}`, raw, target);
  }
}
