// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import type { Disk } from "./disk.ts";
import { findForeignFormat } from "./foreign-format.ts";
import { openRaw } from "./raw-disk.ts";
import { isVhd } from "./vhd/footer.ts";
import { openVhd } from "./vhd/open-vhd.ts";
import { isVhdx, openVhdx } from "./vhdx/open-vhdx.ts";

/**
 * Opens the disk in an image file. What the file is, its bytes say; its name is never asked.
 *
 * Throws IMAGE_EMPTY for a file without bytes, DISK_FORMAT_FOREIGN for a format that is known but not read, and what
 * `openVhdx` and `openVhd` throw. A file that begins and ends like none of them is taken for a raw disk.
 */
export function openDisk(file: ByteSource): Disk {
  if (file.sizeBytes === 0) throw new VmguestError("IMAGE_EMPTY", "the file has no bytes");
  if (isVhdx(file)) return openVhdx(file);
  if (isVhd(file)) return openVhd(file);
  const format = findForeignFormat(file);
  if (format === undefined) return openRaw(file);
  throw new VmguestError("DISK_FORMAT_FOREIGN", `the file is in ${format} format`, { offset: 0 });
}
