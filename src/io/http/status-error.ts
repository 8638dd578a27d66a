// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import { parseRetryAfterMs, RETRIED_STATUSES } from "./retries.ts";
import type { HttpAnswer } from "./transport.ts";

/** What a server says that may be able to answer later. */
export class BusyServerError extends VmguestError {
  /** How long it asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super("REMOTE_STATUS", message);
    this.retryAfterMs = retryAfterMs;
  }
}

const CODE_OF_STATUS: Readonly<Record<number, Code>> = {
  200: "REMOTE_NO_RANGES",
  401: "REMOTE_UNAUTHORIZED",
  403: "REMOTE_FORBIDDEN",
  404: "REMOTE_NOT_FOUND",
  410: "REMOTE_NOT_FOUND",
  412: "REMOTE_CHANGED",
};

const MESSAGE_OF_CODE: Readonly<Partial<Record<Code, string>>> = {
  REMOTE_NO_RANGES: "asked for a part of the object, the server sends all of it (200)",
  REMOTE_CHANGED: "it is no longer what it was when it was opened (412)",
};

/** The error for an answer that has no part of the object in it. */
export function statusError(answer: HttpAnswer): VmguestError {
  const { status } = answer;
  const message = `the server answered with status ${status}`;
  if (RETRIED_STATUSES.has(status)) {
    const pauseMs = parseRetryAfterMs(answer.header("retry-after"), answer.header("date"));
    return new BusyServerError(message, pauseMs);
  }
  const code = CODE_OF_STATUS[status] ?? "REMOTE_STATUS";
  return new VmguestError(code, MESSAGE_OF_CODE[code] ?? message);
}
