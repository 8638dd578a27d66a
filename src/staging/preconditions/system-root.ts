// SPDX-License-Identifier: MIT
import { driveOf, type WindowsInstallation } from "../../guest/index.ts";

/** The only form that may stand in a command line: nothing in it has a meaning to a shell. */
const SAFE = /^[A-Z]:\\[A-Za-z0-9_]{1,64}$/;

/** Folder of Windows as the guest calls it, `C:\Windows`; undefined where it does not say, or not in a safe form. */
export function guestSystemRoot(windows: WindowsInstallation): string | undefined {
  const drive = driveOf(windows);
  if (drive === undefined) return undefined;
  const root = `${drive.toUpperCase()}\\${windows.systemRoot}`;
  return SAFE.test(root) ? root : undefined;
}
