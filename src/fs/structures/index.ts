// SPDX-License-Identifier: MIT
/*
 * The structures of a volume as they lie on the disk, for whoever has to account for their bytes. Whoever only wants
 * files takes the faces of the file systems instead.
 */
export { AttributeSet } from "../ntfs/attribute.ts";
export type { AttributeRecord } from "../ntfs/attribute-record.ts";
export { FileRecord } from "../ntfs/file-record.ts";
export { undoFixups } from "../ntfs/fixup.ts";
export {
  ATTRIBUTE,
  FILE_NAME_FLAGS,
  FIXUP_STRIDE_BYTES,
  FileName,
  FileRecordHeader,
  IndexBlockHeader,
  IndexRoot,
  RECORD,
  RECORD_FLAGS,
  StandardInformation,
  StandardInformationTail,
} from "../ntfs/layout.ts";
export type { VolumeContext } from "../ntfs/ntfs-node.ts";
export { HOLE } from "../ntfs/runs.ts";
export { isAdminOnly } from "../ntfs/write/admin-only.ts";
export { encodeNonResident, encodeResident } from "../ntfs/write/attribute-encoder.ts";
export { runsOfAttribute } from "../ntfs/write/cluster-file.ts";
export { countClusters, type Run } from "../ntfs/write/run-encoder.ts";
export {
  decodeNode,
  encodeBlock,
  encodeRoot,
  type NodeFormat,
  referenceOf,
  type TreeEntry,
  type TreeNode,
} from "../ntfs/write/tree-node.ts";
