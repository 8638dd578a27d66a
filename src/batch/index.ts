// SPDX-License-Identifier: MIT
export {
  type DiscoverOptions,
  type Discovery,
  discoverImages,
  isImageName,
  type ListFolder,
  type UnreadablePath,
} from "./discover.ts";
export { requireFile } from "./named-path.ts";
