// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";

/**
 * Runs `work` for the file at `path`, and names the file in an error that was seen in its FILE record: the place of
 * such an error is in $MFT, which alone would not tell the operator which file it is about.
 */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError) || error.where.path !== "$MFT" || path === "$MFT") throw error;
    const message = `${error.message} (record of ${path === "" ? "the root directory" : path})`;
    const named = new VmguestError(error.code, message, error.where, { cause: error.cause });
    if (error.stack !== undefined) named.stack = error.stack;
    throw named;
  }
}
