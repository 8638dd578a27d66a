// SPDX-License-Identifier: MIT
export { isCompoundFile } from "./compound-file.ts";
export { type MsiArchitecture, type MsiFacts, readMsi } from "./msi-facts.ts";
export { type MsiSignedParts, readSignedParts } from "./signed-parts.ts";
