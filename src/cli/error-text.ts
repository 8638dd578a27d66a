// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../audit/index.ts";
import { type Finding, formatError, formatWhere, VmguestError, type Where } from "../errors.ts";
import { makeVisible } from "../report/index.ts";

/**
 * What stderr says of whatever ended a command: one line for wrong usage, two for what an image or the host did.
 * Nothing that an image put into it reaches the terminal as it is. `commandLine` is the one whose help explains more.
 */
export function describeThrown(error: unknown, commandLine: string): string {
  if (!(error instanceof VmguestError) || error.code === "INTERNAL") return describeOwnMistake(error);
  const shown = makeErrorVisible(error);
  if (shown.kind !== "usage") return `${formatError(shown)}\n`;
  const place = formatWhere(shown.where);
  const more = shown.code === "USAGE" ? `(see ${commandLine} --help)` : `[${shown.code}]`;
  return `vmguest: ${place === "" ? "" : `${place}: `}${shown.message} ${more}\n`;
}

/** The same for an error that a report tells of. */
export function describeErrorReport({ code, message, where, hint }: ErrorReport): string {
  return `${makeVisible(where)}: ${makeVisible(message)}\n  [${code}]${hint === null ? "" : ` ${hint}`}\n`;
}

/** One line for something that did not end the command. */
export function describeFinding({ code, severity, message, where }: Finding): string {
  const place = formatWhere(where);
  return `${severity}: ${makeVisible(place === "" ? message : `${place}: ${message}`)} [${code}]\n`;
}

function describeOwnMistake(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = text.split("\n").map(makeVisible).join("\n");
  return `vmguest: a mistake in vmguest itself; please report it with the command line that led to it\n${lines}\n`;
}

function makeErrorVisible({ code, message, where }: VmguestError): VmguestError {
  const shown = Object.entries(where).map(([name, value]) => [
    name,
    typeof value === "string" ? makeVisible(value) : value,
  ]);
  return new VmguestError(code, makeVisible(message), Object.fromEntries(shown) as Where);
}
