// SPDX-License-Identifier: MIT

/**
 * Runs `work` with a signal that aborts after `limitMs`, or with `closing` and for its reason. Nothing of it stays behind,
 * which `AbortSignal.any` on a signal that lives as long as the process would not promise.
 */
export async function withinTime<T>(
  limitMs: number,
  closing: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(closing.reason);
  const timer = setTimeout(() => controller.abort(), limitMs);
  closing.addEventListener("abort", stop, { once: true });
  if (closing.aborted) stop();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", stop);
  }
}
