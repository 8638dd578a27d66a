// SPDX-License-Identifier: MIT
import type { TriggerId } from "../guest/index.ts";
import type { ByteSource } from "../io/index.ts";

/**
 * When a change reaches the image. All of a stage is on the disk before the next begins: what the script needs, then what
 * is of no effect by itself, then what makes the guest run the script. All changes of one stage to one hive are one edit of it.
 */
export const STAGES = ["payload", "preparation", "arming"] as const;

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

interface ChangeBase {
  readonly stage: Stage;
  /** Why, as one sentence for people. */
  readonly reason: string;
}

/** A directory that does not exist yet; those above it exist, or are made by a change before. */
export interface DirectoryChange extends ChangeBase {
  readonly kind: "create-directory";
  /** On the volume, with `/`. */
  readonly path: string;
  /** FILE_ATTRIBUTE_* bits. */
  readonly attributes?: number;
}

/** A file that is new, or gets other content. */
export interface FileChange extends ChangeBase {
  readonly kind: "create-file" | "replace-file";
  readonly path: string;
  readonly content: Uint8Array | ByteSource;
  readonly attributes?: number;
}

/** A registry key that does not exist yet; those above it exist, or are made by a change before. */
export interface KeyChange extends ChangeBase {
  readonly kind: "create-key";
  /** The hive's file on the volume. */
  readonly hive: string;
  readonly key: string;
}

/** A registry value that is new, or gets other data. */
export interface ValueChange extends ChangeBase {
  readonly kind: "set-value";
  readonly hive: string;
  readonly key: string;
  readonly name: string;
  /** REG_* number. */
  readonly type: number;
  readonly data: Uint8Array;
  /** The data as people read it. */
  readonly text: string;
}

/** One thing that is to change in the guest. */
export type PlannedChange = DirectoryChange | FileChange | KeyChange | ValueChange;

/** A trigger of the ladder: taken, or why not. */
export interface ConsideredTrigger {
  readonly trigger: TriggerId;
  readonly isChosen: boolean;
  readonly reason: string;
}
