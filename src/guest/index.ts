// SPDX-License-Identifier: MIT
export type * from "./facts.ts";
export { linuxGuestFacts } from "./linux.ts";
export * from "./staging/index.ts";
export { driveOf } from "./windows/drive.ts";
export {
  findSystemRoots,
  findWindows,
  type OpenedHive,
  openHive,
  openHiveLogs,
  openWindows,
  type SystemRoots,
  type WindowsInstallation,
} from "./windows/installation.ts";
export { readWindowsFacts } from "./windows/windows-facts.ts";
