// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { BLOCK_OUTPUT_MAX } from "./layout.ts";
import type { CabinetPart, FolderRecord } from "./part.ts";

/** The blocks that a folder has in one cabinet. */
export interface FolderPiece {
  readonly part: CabinetPart;
  readonly record: FolderRecord;
}

/** A folder of a cabinet, or of a set where it goes on from one cabinet to the next. */
export interface Folder {
  readonly index: number;
  /** `FolderEntry.compression`. */
  readonly compression: number;
  readonly pieces: readonly FolderPiece[];
  /** Why its beginning, or its end, is not here; undefined where it is. */
  readonly startMissing: string | undefined;
  readonly endMissing: string | undefined;
}

/** More than this the folder cannot unpack to. */
export function outputMax({ pieces }: Folder): number {
  return pieces.reduce((sum, { record }) => sum + record.blockCount, 0) * BLOCK_OUTPUT_MAX;
}

/** The error for data of a folder that is in a cabinet which is not here. */
export function incomplete(reason: string, { index }: Folder): VmguestError {
  return new VmguestError("CAB_SET_INCOMPLETE", reason, { structure: `folder ${index}` });
}

/** The error for a range that reaches up to byte `end` of a folder, of whose data there are only `sizeBytes`. */
export function folderTooShort(folder: Folder, end: number, sizeBytes: number): VmguestError {
  const missing = folder.startMissing ?? folder.endMissing;
  if (missing !== undefined) return incomplete(missing, folder);
  const message = `a member ends at byte ${end} of a folder that has ${sizeBytes}`;
  return new VmguestError("CAB_MEMBER_RANGE", message, { structure: `folder ${folder.index}` });
}
