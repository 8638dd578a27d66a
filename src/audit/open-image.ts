// SPDX-License-Identifier: MIT
import { type Disk, type OpenDiskOptions, openDisk } from "../disk/index.ts";
import { type Finding, locate, VmguestError } from "../errors.ts";
import { type FileSystem, type NtfsVolume, openNtfs } from "../fs/index.ts";
import {
  driveOf,
  findSystemRoots,
  findWindows,
  openWindows,
  type WindowsInstallation,
} from "../guest/index.ts";
import {
  type ByteSource,
  FileSource,
  type FileSourceOptions,
  type ImageFile,
  ParentFolders,
  type ReadBudget,
  type ReadStats,
} from "../io/index.ts";
import { readVolumes, type Volume, type VolumeLayout } from "../volume/index.ts";

/** What reading an image may cost, and where its parents and its own bytes come from. */
export interface OpenImageOptions {
  /** Counts the reads that reach the image file and its parents. */
  readonly stats?: ReadStats;
  /** What reading may cost, for all files of the image together. */
  readonly budget?: ReadBudget;
  /** Folders in which the parents of a differencing disk may be opened; the folder of the image where not given. */
  readonly parentRoots?: readonly string[];
  /** What is known of the image before it is opened, as of a change of it that was interrupted; reports have it too. */
  readonly knownFindings?: readonly Finding[];
  /** Opens the image's own file, in the place of `FileSource.open`: one that does not lie on this host. */
  readonly openImageFile?: OpenImageFile;
}

/** Opens a file that an image is read from; throws IO_OPEN and the like. */
export type OpenImageFile = (path: string, options: FileSourceOptions) => ImageFile;

/** A Windows in an opened image, with the volume it lives on. */
export interface OpenedWindows {
  readonly volume: Volume;
  readonly windows: WindowsInstallation;
}

/** Finds the parents of a differencing disk, as `openDisk` asks for them. */
type ResolveParent = NonNullable<OpenDiskOptions["resolveParent"]>;

/** An image file opened down to its file systems, for reading only. Close it after use (or `using`). */
export class OpenedImage implements Disposable {
  readonly path: string;
  /** The image's own file, without its parents. */
  readonly file: ImageFile;
  /** What the image is read from: the file, or what {@link reread} was given in its place. */
  readonly bytes: ByteSource;
  readonly disk: Disk;
  readonly layout: VolumeLayout;
  readonly #parents: ParentFolders;
  readonly #options: OpenImageOptions;
  readonly #ownsFile: boolean;
  readonly #fileSystems = new Map<number, NtfsVolume>();

  private constructor(
    file: ImageFile,
    options: OpenImageOptions,
    how: {
      readonly ownsFile: boolean;
      readonly bytes?: ByteSource;
      readonly open: (resolveParent: ResolveParent) => Disk;
    },
  ) {
    this.path = file.path;
    this.file = file;
    this.bytes = how.bytes ?? file;
    this.#options = options;
    this.#ownsFile = how.ownsFile;
    this.#parents = new ParentFolders(file, { ...options, roots: options.parentRoots });
    try {
      this.disk = how.open((names, child) => this.#parents.find(names, child));
      this.layout = readVolumes(this.disk);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Throws a VmguestError that names the image where the container or the partition table cannot be read. */
  static open(path: string, options: OpenImageOptions = {}): OpenedImage {
    return locate({ image: path }, () => {
      const file = (options.openImageFile ?? FileSource.open)(path, options);
      const open = (resolveParent: ResolveParent) => openDisk(file, { resolveParent });
      return new OpenedImage(file, options, { ownsFile: true, open });
    });
  }

  /** The image as it would be if its file had these bytes; to be closed by itself, before this one. */
  reread(bytes: ByteSource): OpenedImage {
    const open = (resolveParent: ResolveParent) => openDisk(bytes, { resolveParent });
    return locate(
      { image: this.path },
      () => new OpenedImage(this.file, this.#options, { ownsFile: false, bytes, open }),
    );
  }

  /** A differencing disk over this image, in a file of these bytes; to be closed by itself, before this one. */
  child(bytes: ByteSource): OpenedImage {
    const { file, path } = this;
    const open = (resolveParent: ResolveParent) =>
      openDisk(bytes, {
        resolveParent: (names, child) =>
          child === undefined
            ? [{ name: path, isGuess: false, source: file, modifiedMs: file.modifiedMs }]
            : resolveParent(names, child),
      });
    return locate(
      { image: path },
      () => new OpenedImage(file, this.#options, { ownsFile: false, bytes, open }),
    );
  }

  /** Paths of the image and, where it is a differencing disk, of its parents in turn. */
  get chain(): readonly string[] {
    return [this.path, ...this.#parents.files.map(({ path }) => path)];
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

  /**
   * The file system on the volume of that index, for a person to look around in: absolute links to the drive that the
   * Windows on it calls the volume are followed.
   */
  fileSystem(volumeIndex: number): FileSystem {
    const volume = this.volume(volumeIndex);
    const bare = this.ntfs(volume);
    return openNtfs(volume.source, { names: () => drivesOf(bare) });
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

  /** Throws IO_CHANGED, or REMOTE_CHANGED, where somebody wrote to the image or one of its parents since it was opened. */
  checkUnchanged(): void {
    this.file.checkUnchanged();
    this.#parents.checkUnchanged();
  }

  close(): void {
    this.#parents.close();
    if (this.#ownsFile) this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the Windows on a volume call it; one that cannot be read does not say. */
function drivesOf(fileSystem: FileSystem): string[] {
  return findSystemRoots(fileSystem).roots.flatMap((root) => {
    try {
      return driveOf(openWindows(fileSystem, root)) ?? [];
    } catch (error) {
      if (error instanceof VmguestError) return [];
      throw error;
    }
  });
}

/** Opens an image file down to its volumes; the same as {@link OpenedImage.open}. */
export function openImage(path: string, options: OpenImageOptions = {}): OpenedImage {
  return OpenedImage.open(path, options);
}
