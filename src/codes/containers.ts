// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, notice, RECOPY, unsafe, unsupported } from "./entry.ts";

/** VHDX, VHD and what else holds a disk. */
export const CONTAINER_CODES = {
  IMAGE_EMPTY: corrupt("the image file has no bytes", RECOPY),
  VHDX_NOT: corrupt("the file does not begin as a VHDX"),
  VHDX_HEADERS_INVALID: corrupt("neither header copy of the VHDX is valid", RECOPY),
  VHDX_HEADER_AMBIGUOUS: corrupt("both VHDX headers have the same sequence number and differ", RECOPY),
  VHDX_HEADER_DAMAGED: damaged("one of the two VHDX header copies is not valid; the other was used"),
  VHDX_VERSION: unsupported("the VHDX or its log has a version that is not 1 and 0"),
  VHDX_LOG_RANGE: corrupt(
    "the VHDX log lies outside the file, is not aligned, or overlaps something",
    RECOPY,
  ),
  VHDX_LOG_NO_SEQUENCE: corrupt("the VHDX log must be replayed, but holds no valid sequence", RECOPY),
  VHDX_LOG_TARGET: corrupt("a VHDX log entry would write where no log entry may write", RECOPY),
  VHDX_LOG_REPLAYED: notice(
    "the VHDX was not closed properly; its log was replayed in memory, the file was not changed",
  ),
  VHDX_TRUNCATED: corrupt("the VHDX file is shorter than its log says it was", RECOPY),
  VHDX_REGION_TABLES_INVALID: corrupt("neither region table of the VHDX is valid", RECOPY),
  VHDX_REGION_TABLE_DAMAGED: damaged("the first region table of the VHDX is not valid; the second was used"),
  VHDX_REGION_UNKNOWN: unsupported("the VHDX requires a region that is not known"),
  VHDX_REGION_DUPLICATE: corrupt("a region stands twice in the VHDX region table", RECOPY),
  VHDX_REGION_RANGE: corrupt("a VHDX region lies outside the file or is not aligned", RECOPY),
  VHDX_REGION_MISSING: corrupt("the VHDX has no BAT region or no metadata region", RECOPY),
  VHDX_OVERLAP: corrupt("two structures of the VHDX claim the same bytes", RECOPY),
  VHDX_METADATA_TABLE: corrupt("the VHDX metadata table is damaged", RECOPY),
  VHDX_METADATA_MISSING: corrupt("a metadata item that every VHDX must have is missing", RECOPY),
  VHDX_METADATA_UNKNOWN: unsupported("the VHDX requires a metadata item that is not known"),
  VHDX_PARAMETERS: corrupt("block size, sector size or virtual size of the VHDX is not allowed", RECOPY),
  VHDX_BAT_SHORT: corrupt("the block allocation table is too small for the virtual size", RECOPY),
  VHDX_BAT_RANGE: corrupt("a block allocation table entry points outside the file", RECOPY),
  VHDX_BAT_STATE: corrupt("a block allocation table entry has a state that is not allowed", RECOPY),
  VHDX_PARENT_LOCATOR: corrupt("the parent locator of the differencing VHDX is damaged", RECOPY),
  DISK_DIFFERENCING: unsupported(
    "the image is a differencing disk: it is only readable together with its parent, which is not supported yet",
    "Merge the checkpoint into its parent (Merge-VHD, or delete the checkpoint in Hyper-V Manager) and audit the result.",
  ),
  VHD_NOT: corrupt("the file has no VHD footer"),
  VHD_FOOTER_INVALID: corrupt("no copy of the VHD footer has a valid checksum", RECOPY),
  VHD_FOOTER_DAMAGED: damaged(
    "the VHD footer at the end of the file is not valid; its copy at the start was used",
  ),
  VHD_HEADER_INVALID: corrupt("the VHD dynamic disk header is damaged", RECOPY),
  VHD_PARAMETERS: corrupt("block size, disk type or virtual size of the VHD is not allowed", RECOPY),
  VHD_TRUNCATED: corrupt("the VHD file is shorter than the disk it claims to hold", RECOPY),
  VHD_BAT_SHORT: corrupt("the VHD block allocation table is too small for the virtual size", RECOPY),
  VHD_BAT_RANGE: corrupt("a VHD block allocation table entry points outside the file", RECOPY),
  VHD_SAVED_STATE: unsafe(
    "the VHD is marked as belonging to a saved state",
    "Delete the saved state or start and shut down the VM.",
  ),
  DISK_FORMAT_FOREIGN: unsupported(
    "the image is in a disk format that vmguest does not read",
    "Convert it: qemu-img convert -O vhdx.",
  ),
} as const satisfies Record<string, CodeEntry>;
