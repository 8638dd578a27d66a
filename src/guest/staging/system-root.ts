// SPDX-License-Identifier: MIT
import { driveOf } from "../windows/drive.ts";
import type { WindowsInstallation } from "../windows/installation.ts";

/**
 * The folders of Windows that may stand in a command line, as the guest calls them: `C:\Windows`. Nothing else of an image
 * ever stands in one, and a name of this form needs no quoting anywhere.
 */
export const PLAIN_SYSTEM_ROOT = /^[A-Z]:\\[A-Za-z0-9_]{1,64}$/;

/** Folder of Windows as the guest calls it; undefined where it does not say, or not in a form for a command line. */
export function guestSystemRoot(windows: WindowsInstallation): string | undefined {
  const drive = driveOf(windows);
  if (drive === undefined) return undefined;
  const root = `${drive.toUpperCase()}\\${windows.systemRoot}`;
  return PLAIN_SYSTEM_ROOT.test(root) ? root : undefined;
}
