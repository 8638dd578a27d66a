// SPDX-License-Identifier: MIT

/** How often a server that fails is asked again, and after how many milliseconds. */
export interface RemoteRetries {
  /** How often a request is sent at most. */
  readonly attempts: number;
  /** The wait before the second attempt is up to this long, before each further one twice as long. */
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
  /** A server that asks for a longer pause is asked again after this one. */
  readonly retryAfterMaxMs: number;
}

/**
 * How long to wait before the attempt with number `next` (2 and up). A part of it is left to chance, `random` in [0, 1),
 * so that the readers that one server turned away do not all come back at once.
 */
export function retryDelayMs(
  retries: RemoteRetries,
  next: number,
  random: number,
  retryAfterMs: number | undefined,
): number {
  const most = Math.min(retries.delayMaxMs, retries.firstDelayMs * 2 ** (next - 2));
  const delayMs = most / 2 + (random * most) / 2;
  return Math.max(delayMs, Math.min(retryAfterMs ?? 0, retries.retryAfterMaxMs));
}

/** Statuses that another attempt may well not meet. */
export const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The pause that `Retry-After` asks for: seconds, or a time, which counts from that in `Date`. */
export function parseRetryAfterMs(text: string | undefined, date: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const pauseMs = Date.parse(text) - Date.parse(date ?? "");
  return pauseMs >= 0 ? pauseMs : undefined;
}
