// SPDX-License-Identifier: MIT
import type { Status } from "../../policy/index.ts";

/** What a row of the page can be: a guest with its status, an image that could not be read, one without guests. */
export type State = Status | "error" | "no-guest";

/** Every state with its words, worst first: rows are sorted by it, and charts stack it, in this order. */
export const STATES: Readonly<Record<State, string>> = {
  error: "not readable",
  missing: "missing",
  outdated: "outdated",
  unknown: "unknown",
  current: "current",
  "not-applicable": "not applicable",
  "no-guest": "no guest",
};

/** The names of {@link STATES} in its order. */
export const STATE_NAMES = Object.keys(STATES) as readonly State[];
