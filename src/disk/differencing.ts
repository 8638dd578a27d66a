// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../errors.ts";

/** Windows paths may have 32,767 characters; a sentence may not. */
const PATH_LENGTH_MAX = 300;

/** The error for a disk that needs its parent and was opened without a way to it. */
export function differencingError(parentNames: readonly string[], where: Where): VmguestError {
  const message = `it only holds what differs from its parent ${listNames(parentNames)}`;
  return new VmguestError("DISK_DIFFERENCING", message, where);
}

/** The error for a disk none of whose parent's names is that of a file. */
export function missingError(parentNames: readonly string[], where: Where): VmguestError {
  const message = `it only holds what differs from its parent, and there is no file for ${listNames(parentNames)}`;
  return new VmguestError("DISK_PARENT_MISSING", message, where);
}

/** The parent under every path that its child knows for it. */
function listNames(parentNames: readonly string[]): string {
  const [first, ...others] = [...new Set(parentNames)].map(quoteName);
  if (first === undefined) return "whose name it does not tell";
  return others.length === 0 ? first : `${first} (also known as ${others.join(" and ")})`;
}

/** A path for a sentence: shortened, and without characters that a terminal would act upon. */
export function quoteName(path: string): string {
  const printable = path.replace(/\p{C}/gu, "\ufffd");
  return `"${printable.length <= PATH_LENGTH_MAX ? printable : `${printable.slice(0, PATH_LENGTH_MAX)}...`}"`;
}
