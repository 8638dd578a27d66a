// SPDX-License-Identifier: MIT
import type { Finding, VmguestError, Where } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";

/** How a file holds a disk; `raw` where it is nothing but the disk's bytes. */
export type DiskFormat = "vhdx" | "vhd" | "raw";

/** Whether a file holds every block of the disk, those that were written, or those that differ from a parent. */
export type DiskKind = "fixed" | "dynamic" | "differencing";

/** A virtual disk as the guest sees it: flat bytes, whatever the files that hold them look like. */
export interface Disk extends ByteSource {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  /** Bytes per logical sector; partition tables count in it. */
  readonly logicalSectorSizeBytes: 512 | 4096;
  /** `replayed`: a file of the disk holds a log that was not applied yet; it was, in memory. VHD and raw have none. */
  readonly logState: "clean" | "replayed";
  /** Identity of the disk's present content (VHDX only): changes with every session that writes to it. */
  readonly dataWriteGuid: string | undefined;
  /** The files that the disk is put together from, the image first, then its parents. */
  readonly chain: readonly ChainLink[];
  /** Damage that reading could go around. */
  readonly findings: readonly Finding[];
}

/** One file of a disk. */
export interface ChainLink {
  /** Where a parent was found; undefined for the image itself, whose name its opener knows. */
  readonly name: string | undefined;
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  /** Bytes of the file, and of the disk in it. */
  readonly fileSizeBytes: number;
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly logState: "clean" | "replayed";
  /** What children know it by: the DataWriteGuid of a VHDX, the unique id of a VHD; raw disks have none. */
  readonly identity: string | undefined;
  /** What it says of its parent; undefined at the end of the chain. */
  readonly parent: ParentReference | undefined;
}

/** How a differencing disk describes the one it was made from. */
export interface ParentReference {
  /** Paths as they were on the Windows that wrote them, in the order in which they are to be tried. */
  readonly names: readonly string[];
  /** The parent's identity is one of them. */
  readonly identities: readonly string[];
  /** When the parent's file was last written to, seconds since 1970 (VHD only). */
  readonly modifiedSeconds: number | undefined;
  /** Where the disk says so. */
  readonly where: Where;
}

/** A file that might be the parent of a differencing disk, or why a file that might be is not opened. */
export type ParentCandidate = {
  /** Path for messages and reports. */
  readonly name: string;
  /** It stands where a path of another machine would be, not where the image's own folder has it. */
  readonly isGuess: boolean;
} & ({ readonly source: ByteSource; readonly modifiedMs?: number } | { readonly refusal: VmguestError });

/**
 * Gives the files that may be the parent named `names`, best first, each opened when it is asked for. `child` is the
 * name of the candidate whose parent is looked for, undefined for the image itself. The file at which the search ends
 * stays open; the ones before it may be closed.
 */
export type ResolveParent = (
  names: readonly string[],
  child: string | undefined,
) => Iterable<ParentCandidate>;

/** How the parents of a disk are found. */
export interface OpenDiskOptions {
  /** Opens the parents of a differencing disk; without it such a disk is DISK_DIFFERENCING. */
  readonly resolveParent?: ResolveParent;
}
