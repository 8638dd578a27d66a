// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { VmguestError } from "../errors.ts";

/** `--parent-root` of the commands that open differencing disks. */
export const PARENT_ROOT = {
  kind: "list",
  describe:
    "Folders in which the parents of a differencing disk may be opened, with all below them, instead of the folder of the image",
} as const;

/** The folders as the readers of images take them. */
export interface ParentRoots {
  readonly parentRoots?: readonly string[];
}

/** What `--parent-root` says. Throws USAGE for what is no folder. */
export function readParentRoots(given: readonly string[]): ParentRoots {
  for (const path of given) {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory() !== true) {
      throw new VmguestError("USAGE", `--parent-root takes folders, and "${path}" is none`);
    }
  }
  return given.length === 0 ? {} : { parentRoots: given };
}
