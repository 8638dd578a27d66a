// SPDX-License-Identifier: MIT
import { CODES, type Code } from "./codes.ts";

export { CODES, type Code, type CodeEntry, type ErrorKind } from "./codes.ts";

/**
 * Where something was seen, from the outside in. Each layer fills in only what it alone knows.
 *
 * `offset` is a byte offset inside the innermost container named: the file at `path` when there is one, else the
 * volume (`partition`), else the disk image file itself.
 */
export interface Where {
  /** The image file as the user named it. */
  readonly image?: string;
  /** Index of the volume in the image, as `Volume.index`. */
  readonly partition?: number;
  /** Path inside the volume, or inside a hive after a colon: `Windows/System32/config/SOFTWARE`. */
  readonly path?: string;
  /** The structure as its specification calls it: `VHDX header`, `FILE record 5`. */
  readonly structure?: string;
  /** Byte offset inside the innermost container named. */
  readonly offset?: number;
}

export interface VmguestErrorOptions {
  readonly cause?: unknown;
}

/**
 * The only error this library throws on purpose: a stable code, one sentence for a person, and the place.
 *
 * A parser throws it with structure and offset; the layers above add path, volume and image with {@link locate}.
 */
export class VmguestError extends Error {
  override readonly name = "VmguestError";
  readonly code: Code;
  readonly where: Where;

  constructor(code: Code, message: string, where: Where = {}, options: VmguestErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.where = where;
  }

  /** Which exit code and which sort of cure this error belongs to. */
  get kind() {
    return CODES[this.code].kind;
  }

  /** What the operator can do about it, or undefined where there is nothing to say. */
  get hint(): string | undefined {
    return CODES[this.code].hint;
  }
}

/**
 * Runs `work` and adds `where` to any VmguestError it throws; what the inner layer said about the place wins.
 *
 * Anything else that is thrown is a mistake of ours and passes through unchanged.
 */
export function locate<T>(where: Where, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw located(error, where);
  }
}

/** The error with `where` filled in underneath what it already says; other values are returned unchanged. */
export function located(error: unknown, where: Where): unknown {
  if (!(error instanceof VmguestError)) return error;
  const full = new VmguestError(
    error.code,
    error.message,
    { ...where, ...error.where },
    { cause: error.cause },
  );
  if (error.stack !== undefined) full.stack = error.stack;
  return full;
}

export type Severity = "info" | "warning" | "error";

/** Something the audit noticed and the reader of a report should know; it did not stop the audit. */
export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  /** One lower-case sentence. */
  readonly message: string;
  readonly where: Where;
}

/** Makes a finding whose severity is the one the code table gives. */
export function finding(code: Code, message: string, where: Where = {}): Finding {
  return { code, severity: CODES[code].severity, message, where };
}

/** The finding that says the same as an error, for damage that does not stop the audit. */
export function findingOf(error: VmguestError, where: Where = {}): Finding {
  return finding(error.code, error.message, { ...where, ...error.where });
}

/**
 * What `work` gives, for a check that goes on where a reader would stop: damage that it throws is yielded as a finding,
 * and the result is undefined. Trouble with the host's own files is no damage of the image, and passes through.
 */
export function* attempt<T>(work: () => T, where: Where = {}): Generator<Finding, T | undefined> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    yield findingOf(error, where);
    return undefined;
  }
}

/** `image: volume 1: path: structure at 0x1000`, leaving out what is not known. */
export function formatWhere(where: Where): string {
  const place: string[] = [];
  if (where.image !== undefined) place.push(where.image);
  if (where.partition !== undefined) place.push(`volume ${where.partition}`);
  if (where.path !== undefined) place.push(where.path);
  const at = where.offset === undefined ? undefined : `0x${where.offset.toString(16)}`;
  if (where.structure !== undefined)
    place.push(at === undefined ? where.structure : `${where.structure} at ${at}`);
  else if (at !== undefined) place.push(`offset ${at}`);
  return place.join(": ");
}

/** The two lines an operator reads: place and sentence, then code and cure. */
export function formatError(error: VmguestError): string {
  const place = formatWhere(error.where);
  const head = place === "" ? error.message : `${place}: ${error.message}`;
  return error.hint === undefined ? `${head}\n  [${error.code}]` : `${head}\n  [${error.code}] ${error.hint}`;
}
