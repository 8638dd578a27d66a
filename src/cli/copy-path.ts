// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { join } from "node:path";
import { VmguestError } from "../errors.ts";

/** Names that mean something else than a file on some system, or would leave the folder. */
const UNFIT_NAME = /[\p{Cc}\p{Cs}<>:"/\\|?*]|^\.{0,2}$|[. ]$/u;

/**
 * Where on the host a file of an image is copied to: the file `target`, or under its own name into the folder `target`,
 * or into the current one. Throws USAGE where the name in the image is none that a file of the host should bear.
 */
export function chooseCopyPath(target: string | undefined, pathInImage: string): string {
  if (target !== undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory() !== true)
    return target;
  const name = pathInImage.slice(pathInImage.lastIndexOf("/") + 1);
  if (UNFIT_NAME.test(name)) {
    throw new VmguestError("USAGE", `"${name}" is no name for a file of the host: name the file to copy to`);
  }
  return join(target ?? "", name);
}
