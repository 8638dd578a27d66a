// SPDX-License-Identifier: MIT
export { isCompoundFile } from "./compound-file.ts";
export { type MsiArchitecture, type MsiFacts, readMsi } from "./msi-facts.ts";
