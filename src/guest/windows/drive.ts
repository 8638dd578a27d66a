// SPDX-License-Identifier: MIT
import type { WindowsInstallation } from "./installation.ts";

const CURRENT_VERSION = "Microsoft\\Windows NT\\CurrentVersion";

/**
 * What a Windows calls the drive that it is on, like `C:`; undefined where it does not say, or says that its folder has
 * another name than it has, as after the image of one disk was copied to another.
 */
export function driveOf({ software, systemRoot }: WindowsInstallation): string | undefined {
  const stated = software.find(CURRENT_VERSION)?.value("SystemRoot")?.text() ?? "";
  const [, drive, folder] = /^([a-z]:)\\(.*)$/i.exec(stated) ?? [];
  return folder?.toLowerCase() === systemRoot.toLowerCase() ? drive : undefined;
}
