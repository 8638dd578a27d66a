// SPDX-License-Identifier: MIT
export {
  type ComponentFile,
  type ComponentManifest,
  type FileDigest,
  readComponentManifest,
} from "./component-manifest.ts";
export { type AssemblyIdentity, packageFullName } from "./identity.ts";
export {
  type MsuInstallation,
  type MsuProperties,
  readMsuInstallations,
  readMsuProperties,
} from "./msu.ts";
export {
  type DriverUpdate,
  type PackageManifest,
  type PackageUpdate,
  type ParentPackage,
  readPackageManifest,
  type UpdateCondition,
} from "./package-manifest.ts";
