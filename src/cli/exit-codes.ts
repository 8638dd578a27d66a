// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import type { ErrorReport } from "../audit/index.ts";
import { CODES, type ErrorKind, type Finding, VmguestError } from "../errors.ts";
import type { StopSignal } from "./context.ts";

/** What the process ends with; docs/cli.md explains each. */
export const EXIT = {
  fine: 0,
  policyFailed: 1,
  usage: 2,
  unreadable: 3,
  unsafe: 4,
  internal: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where several apply, the first of these is it. */
const GRAVEST_FIRST: readonly ExitCode[] = [
  EXIT.internal,
  EXIT.usage,
  EXIT.unsafe,
  EXIT.unreadable,
  EXIT.policyFailed,
];

const EXIT_OF_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  usage: EXIT.usage,
  io: EXIT.unreadable,
  corrupt: EXIT.unreadable,
  unsupported: EXIT.unreadable,
  unsafe: EXIT.unsafe,
};

/** The code for a command that this value, thrown, has ended. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof VmguestError) || error.code === "INTERNAL") return EXIT.internal;
  return EXIT_OF_KIND[error.kind];
}

/** The code for an image that could not be read, the others notwithstanding. */
export function exitCodeOfImage({ code, kind }: Pick<ErrorReport, "code" | "kind">): ExitCode {
  if (code === "INTERNAL") return EXIT.internal;
  return kind === "unsafe" ? EXIT.unsafe : EXIT.unreadable;
}

/** The code for what a report tells of one thing of several, by the kind of its error: a thing misnamed is wrong usage. */
export function exitCodeOfReport({ code, kind }: ErrorReport): ExitCode {
  return code === "INTERNAL" ? EXIT.internal : EXIT_OF_KIND[kind];
}

/** The code for what was found to be wrong with one package of several: only errors keep one from being read. */
export function exitCodeOfFinding({ code, severity }: Finding): ExitCode {
  return severity === "error" ? EXIT_OF_KIND[CODES[code].kind] : EXIT.fine;
}

/** The one to end with where several apply. */
export function gravestOf(codes: readonly ExitCode[]): ExitCode {
  return GRAVEST_FIRST.find((code) => codes.includes(code)) ?? EXIT.fine;
}

/** What a shell says of a process that a signal has ended; a run that stopped in time ends with the same. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/**
 * What a run ends with whose reader has left before it was done: as if SIGPIPE (13) had ended it, which a shell tells a
 * reader who has seen enough from a run that came to its end.
 */
export const EXIT_OF_LOST_READER = 128 + 13;
