// SPDX-License-Identifier: MIT
import type { CodeEntry } from "./entry.ts";

/** Cabinets and what is compressed in them. */
export const CABINET_CODES = {} as const satisfies Record<string, CodeEntry>;
