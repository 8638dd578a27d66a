// SPDX-License-Identifier: MIT
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
