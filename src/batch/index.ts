// SPDX-License-Identifier: MIT
export {
  type DiscoverOptions,
  type Discovery,
  discoverImages,
  isImageName,
  type ListFolder,
  type UnreadableFolder,
} from "./discover.ts";
