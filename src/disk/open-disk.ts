// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import { type Chain, type ContainerFormat, followChain } from "./chain.ts";
import type { Disk, OpenDiskOptions } from "./disk.ts";
import { findForeignFormat } from "./foreign-format.ts";
import { openChain } from "./mapped-disk.ts";
import { RAW } from "./raw-disk.ts";
import { VHD } from "./vhd/open-vhd.ts";
import { VHDX } from "./vhdx/open-vhdx.ts";

/**
 * Opens the disk in an image file, with its parents where it is a differencing disk. What the file is, its bytes say;
 * its name is never asked.
 *
 * Throws IMAGE_EMPTY for a file without bytes, DISK_FORMAT_FOREIGN for a format that is known but not read, and what
 * `openVhdx` and `openVhd` throw. A file that begins and ends like none of them is taken for a raw disk.
 */
export function openDisk(file: ByteSource, options: OpenDiskOptions = {}): Disk {
  return openChain(readChain(file, options));
}

/** The files of the disk, as far as they can be opened: for who wants to know where a chain is broken. */
export function readChain(file: ByteSource, options: OpenDiskOptions = {}): Chain {
  return followChain(file, containerOf(file), options);
}

function containerOf(file: ByteSource): ContainerFormat {
  if (file.sizeBytes === 0) throw new VmguestError("IMAGE_EMPTY", "the file has no bytes");
  const container = [VHDX, VHD].find(({ recognises }) => recognises(file));
  if (container !== undefined) return container;
  const format = findForeignFormat(file);
  if (format === undefined) return RAW;
  throw new VmguestError("DISK_FORMAT_FOREIGN", `the file is in ${format} format`, { offset: 0 });
}
