// SPDX-License-Identifier: MIT
export { checkNtfs, type NtfsCheckOptions } from "../ntfs/check/check-ntfs.ts";
