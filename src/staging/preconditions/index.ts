// SPDX-License-Identifier: MIT
export { checkImagePreconditions, checkPreconditions } from "./check-preconditions.ts";
export { checkChildren } from "./children.ts";
export { checkInterrupted } from "./image-file.ts";
export { renderPreconditions } from "./markdown.ts";
export { canBeAllowed, type Family, PRECONDITIONS, type Precondition } from "./rows.ts";
export type { Preconditions, StagingWish, UpdateWish } from "./wish.ts";
