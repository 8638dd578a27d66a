// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../audit/index.ts";
import { type Finding, located, VmguestError, type Where } from "../errors.ts";
import type { Context } from "./context.ts";
import { describeErrorReport, describeFinding, describeThrown } from "./error-text.ts";
import { EXIT, type ExitCode, exitCodeOf, exitCodeOfReport, gravestOf } from "./exit-codes.ts";

/** Errors that are printed one by one; a ruined file may give thousands, and they would say no more. */
const ERROR_COUNT_MAX = 20;

/** The error with the place it was met at, as far as it does not say that itself. */
export function atPlace(error: VmguestError, where: Where): VmguestError {
  const full = located(error, where);
  return full instanceof VmguestError ? full : error;
}

/** Prints what could not be read while the rest was, and gives the exit code for it. */
export async function printDamage(errors: readonly VmguestError[], { stderr }: Context): Promise<ExitCode> {
  for (const error of errors.slice(0, ERROR_COUNT_MAX)) await stderr.write(describeThrown(error, "vmguest"));
  const rest = errors.length - ERROR_COUNT_MAX;
  if (rest > 0) await stderr.write(`vmguest: and ${rest} more places that could not be read\n`);
  return errors.length === 0 ? EXIT.fine : gravestOf(errors.map(exitCodeOf));
}

/** Prints what of packages could not be read, and gives the exit code for it. */
export async function printErrors(
  parts: readonly { readonly error: ErrorReport | null }[],
  { stderr }: Context,
): Promise<ExitCode> {
  const errors = parts.flatMap(({ error }) => (error === null ? [] : [error]));
  for (const error of errors.slice(0, ERROR_COUNT_MAX)) await stderr.write(describeErrorReport(error));
  const rest = errors.length - ERROR_COUNT_MAX;
  if (rest > 0) await stderr.write(`vmguest: and ${rest} more that could not be read\n`);
  return gravestOf(errors.map(exitCodeOfReport));
}

/** Prints what reading could go around, but the reader of the output should know. */
export async function printFindings(findings: readonly Finding[], { stderr }: Context): Promise<void> {
  for (const found of findings) await stderr.write(describeFinding(found));
}
