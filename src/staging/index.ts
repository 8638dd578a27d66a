// SPDX-License-Identifier: MIT
export type { ChangeImageOptions } from "./change-image.ts";
export type { ServiceEdit } from "./draft-services.ts";
export type * from "./options.ts";
export type * from "./plan.ts";
export { canBeAllowed, PRECONDITIONS } from "./preconditions/index.ts";
export type * from "./report.ts";
export { type RollbackImageOptions, rollbackImage } from "./rollback-image.ts";
export { editServices, planServices, planStaging, stageImage } from "./stage-image.ts";
export type { StagingTarget } from "./target.ts";
