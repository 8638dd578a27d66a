// SPDX-License-Identifier: MIT
export { type DiscEntry, DiscImage } from "./disc-image.ts";
export { isDiscImage } from "./recognition.ts";
export type { DiscEntryType, DiscKind } from "./tree.ts";
