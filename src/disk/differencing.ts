// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../errors.ts";

/** Windows paths may have 32,767 characters; a sentence may not. */
const PATH_LENGTH_MAX = 300;

/** The error for a disk that needs its parent, naming the parent under every path the disk knows for it. */
export function differencingError(parentPaths: readonly string[], where: Where): VmguestError {
  const [first, ...others] = [...new Set(parentPaths)].map(quote);
  const alias = others.length === 0 ? "" : ` (also known as ${others.join(" and ")})`;
  const parent = first === undefined ? "whose name it does not tell" : `${first}${alias}`;
  return new VmguestError("DISK_DIFFERENCING", `it only holds what differs from its parent ${parent}`, where);
}

/** A path out of the image for a sentence: shortened, and without characters that a terminal would act upon. */
function quote(path: string): string {
  const printable = path.replace(/\p{C}/gu, "\ufffd");
  return `"${printable.length <= PATH_LENGTH_MAX ? printable : `${printable.slice(0, PATH_LENGTH_MAX)}...`}"`;
}
