// SPDX-License-Identifier: MIT

/** The time as what goes on for long needs it; a test gives its own. */
export interface Ticker {
  /** Milliseconds that never go back. */
  now(): number;
  /** Does something again and again until the function that it returns is called; the process may end meanwhile. */
  every(periodMs: number, work: () => void): () => void;
}

export const HOST_TICKER: Ticker = {
  now: () => performance.now(),
  every(periodMs, work) {
    const timer = setInterval(work, periodMs).unref();
    return () => clearInterval(timer);
  },
};
