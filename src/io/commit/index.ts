// SPDX-License-Identifier: MIT
export { type ImageBefore, openBefore } from "./before-image.ts";
export { CancelFlag } from "./cancel-flag.ts";
export {
  type ChangeOptions,
  type ChangePlan,
  type ChangeResult,
  type CommitOptions,
  commitChanges,
  type PlannedImage,
} from "./commit.ts";
export type { LockOptions } from "./image-lock.ts";
export { type ChangeDescription, type InspectOptions, inspectUndo, type UndoInspection } from "./inspect.ts";
export {
  type CopyOptions,
  copyImage,
  createImage,
  type ImageContent,
  type NewImageOptions,
  type NewImageResult,
} from "./new-image.ts";
export { NodeStorage } from "./node-storage.ts";
export { checkStepCount, type ImageRange } from "./page-changes.ts";
export { discardUndo, finishChanges, type RollbackOptions, rollbackChanges } from "./rollback.ts";
export type { FileStatus, ForeignLock, HostProcess, OpenFile, OpenMode, Storage } from "./storage.ts";
