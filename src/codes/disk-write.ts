// SPDX-License-Identifier: MIT
import { type CodeEntry, notice, unsafe, unsupported, usage } from "./entry.ts";

/** Writing to the files that hold a disk. */
export const DISK_WRITE_CODES = {
  DISK_WRITE_DAMAGED: unsafe(
    "the image has damage that writing to it could make worse",
    "See `vmguest check`; copy the image again from its source, or restore it from a backup.",
  ),
  DISK_WRITE_LOG_REPLAYED: notice(
    "the VHDX was not closed properly; its log is replayed to the file before anything else is written",
  ),
  DISK_WRITE_NO_LOG: unsupported(
    "the VHDX has no log, without which its structures cannot be changed safely",
    "Convert it: qemu-img convert -O vhdx.",
  ),
  DISK_WRITE_FULL: unsupported(
    "the VHD file cannot grow by another block: its table has no numbers for sectors past 2 TiB",
    "Convert it to a VHDX (Convert-VHD).",
  ),
  DISK_WRITE_SMALL_BLOCKS: unsupported(
    "the VHD has blocks of less than 4 KiB, which no program makes",
    "Convert it to a VHDX (Convert-VHD).",
  ),
  DISK_WRITE_UNALIGNED: notice(
    "blocks of the VHD do not begin at multiples of 4 KiB, so that a power failure can tear 4 KiB of the disk in two",
    "After a power failure, roll back.",
  ),
  DISK_CHILD_PARENT: unsupported(
    "no differencing disk can be made over this image",
    "Only a VHDX or VHD that was closed properly can have children.",
  ),
  DISK_CHILD_PATH: usage(
    "the path of the parent is too long for its child, empty, or has control characters in it",
    "Put parent and child into one folder.",
  ),
} as const satisfies Record<string, CodeEntry>;
