// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import type { ByteSource, Change } from "../../io/index.ts";
import type { FileSteps } from "./file-steps.ts";

/** What a writer cannot know by itself. */
export interface DiskWriteOptions {
  /** A GUID that nobody has used, in any spelling of a GUID; asked three times at most. */
  readonly newGuid: () => string;
}

/** What has to be done to the file that holds a disk. */
export interface DiskWritePlan {
  /**
   * Changes of the file by ascending offset, whole pages of 4 KiB, step by step: a step is on stable storage before
   * anything of the next one is written. Changes past its end make the file longer; what lies between are zeros.
   */
  readonly steps: readonly (readonly Change[])[];
  /** Size of the file afterwards. */
  readonly sizeBytes: number;
  /**
   * The file as the steps leave it, before anything is written: whoever wants to be sure reads the result from here as he
   * would read the file. It reads the file itself where nothing changes, which therefore has to stay open.
   */
  readonly file: ByteSource;
  readonly findings: readonly Finding[];
}

/** The file of a disk with everything written to it, in steps. */
export interface WrittenFile {
  readonly file: FileSteps;
  readonly findings: readonly Finding[];
}
