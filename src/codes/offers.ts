// SPDX-License-Identifier: MIT
import type { CodeEntry } from "./entry.ts";

/** Packages that are offered to guests. */
export const OFFER_CODES = {} as const satisfies Record<string, CodeEntry>;
