// SPDX-License-Identifier: MIT
export {
  type DiscoverOptions,
  type Discovery,
  discoverImages,
  discoverPackages,
  isImageName,
  type ListFolder,
  type PackageDiscovery,
  type PackagePath,
  type UnreadablePath,
} from "./discover.ts";
export { requireFile } from "./named-path.ts";
