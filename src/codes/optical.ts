// SPDX-License-Identifier: MIT
import type { CodeEntry } from "./entry.ts";

/** Images of optical discs. */
export const OPTICAL_CODES = {} as const satisfies Record<string, CodeEntry>;
