// SPDX-License-Identifier: MIT
import type { Phase } from "../../../io/index.ts";

/** When something happened, for the times of the files that it is about. */
export interface ChangeOptions {
  /** FILETIME. */
  readonly time: bigint;
}

/** What a new file or directory is to be like. */
export interface CreateOptions extends ChangeOptions {
  /** FILE_ATTRIBUTE_* bits; a file is marked for archiving where they are left out. */
  readonly attributes?: number;
  /**
   * Path of a file or directory whose permissions the new one shares. Where it is left out, they are taken from what is
   * beside it. Either way they must let nobody but administrators and Windows itself write.
   */
  readonly securityLike?: string;
  /** False for a volume on which Windows makes no 8.3 names. */
  readonly makesShortName?: boolean;
}

/** The phases in which a file's record may come to lead to other content: later than its bits, and before old ones go. */
export type RecordPhase = Extract<Phase, "records" | "index" | "arming">;

/** How new content comes into a file. */
export interface ContentOptions extends ChangeOptions {
  /** In which phase the file's record is to lead to the new content: `records` where it is left out. */
  readonly phase?: RecordPhase;
}

/** A file or directory that was made, as proof that it may be deleted. */
export interface MadeFile {
  readonly recordNumber: number;
  readonly sequence: number;
  readonly shortName: string | undefined;
}

/** A part of the volume. */
export interface VolumeRange {
  /** From the start of the volume. */
  readonly volumeOffset: number;
  readonly length: number;
}
