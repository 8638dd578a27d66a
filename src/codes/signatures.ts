// SPDX-License-Identifier: MIT
import type { CodeEntry } from "./entry.ts";

/** Signatures, certificates and catalogs. */
export const SIGNATURE_CODES = {} as const satisfies Record<string, CodeEntry>;
