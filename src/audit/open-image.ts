// SPDX-License-Identifier: MIT
import { type Disk, openDisk } from "../disk/index.ts";
import { type Finding, locate, VmguestError } from "../errors.ts";
import { type FileSystem, type NtfsVolume, openNtfs } from "../fs/index.ts";
import { findWindows, type WindowsInstallation } from "../guest/index.ts";
import { FileSource, type ReadBudget, type ReadStats } from "../io/index.ts";
import { readVolumes, type Volume, type VolumeLayout } from "../volume/index.ts";

export interface OpenImageOptions {
  /** Counts the reads that reach the image file. */
  readonly stats?: ReadStats;
  /** What reading may cost, for all files of the image together. */
  readonly budget?: ReadBudget;
}

/** A Windows in an opened image, with the volume it lives on. */
export interface OpenedWindows {
  readonly volume: Volume;
  readonly windows: WindowsInstallation;
}

/** An image file opened down to its file systems, for reading only. Close it after use (or `using`). */
export class OpenedImage implements Disposable {
  readonly path: string;
  readonly disk: Disk;
  readonly layout: VolumeLayout;
  readonly #file: FileSource;
  readonly #fileSystems = new Map<number, NtfsVolume>();

  private constructor(file: FileSource, disk: Disk, layout: VolumeLayout) {
    this.path = file.path;
    this.#file = file;
    this.disk = disk;
    this.layout = layout;
  }

  /** Throws a VmguestError that names the image where the container or the partition table cannot be read. */
  static open(path: string, options: OpenImageOptions = {}): OpenedImage {
    return locate({ image: path }, () => {
      const file = FileSource.open(path, options);
      try {
        const disk = openDisk(file);
        return new OpenedImage(file, disk, readVolumes(disk));
      } catch (error) {
        file.close();
        throw error;
      }
    });
  }

  /** What container, partition table and the file systems opened so far could go around. */
  get findings(): readonly Finding[] {
    const fromFileSystems = [...this.#fileSystems].flatMap(([partition, { findings }]) =>
      findings.map((found) => ({ ...found, where: { partition, ...found.where } })),
    );
    return [...this.disk.findings, ...this.layout.findings, ...fromFileSystems];
  }

  /** The volume of that index; throws NOT_FOUND. */
  volume(index: number): Volume {
    const volume = this.layout.volumes.find((candidate) => candidate.index === index);
    if (volume !== undefined) return volume;
    throw new VmguestError("NOT_FOUND", `the image has no volume ${index}`, { image: this.path });
  }

  /** The NTFS file system on a volume, opened once; throws NOT_FOUND where the volume holds something else. */
  ntfs(volume: Volume): NtfsVolume {
    const opened = this.#fileSystems.get(volume.index);
    if (opened !== undefined) return opened;
    const where = { image: this.path, partition: volume.index };
    if (volume.content !== "ntfs") {
      throw new VmguestError(
        "NOT_FOUND",
        `the volume holds no NTFS file system, but ${volume.content}`,
        where,
      );
    }
    const fileSystem = locate(where, () => openNtfs(volume.source));
    this.#fileSystems.set(volume.index, fileSystem);
    return fileSystem;
  }

  /** The file system on the volume of that index. */
  fileSystem(volumeIndex: number): FileSystem {
    return this.ntfs(this.volume(volumeIndex));
  }

  /** Every Windows in the image, volume by volume; throws at the first volume or hive that cannot be read. */
  windows(): readonly OpenedWindows[] {
    return this.layout.volumes
      .filter(({ content }) => content === "ntfs")
      .flatMap((volume) => {
        const where = { image: this.path, partition: volume.index };
        return locate(where, () => findWindows(this.ntfs(volume))).map((windows) => ({ volume, windows }));
      });
  }

  /** Throws IO_CHANGED where somebody wrote to the image since it was opened. */
  checkUnchanged(): void {
    this.#file.checkUnchanged();
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens an image file down to its volumes; the same as {@link OpenedImage.open}. */
export function openImage(path: string, options: OpenImageOptions = {}): OpenedImage {
  return OpenedImage.open(path, options);
}
