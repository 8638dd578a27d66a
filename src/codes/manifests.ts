// SPDX-License-Identifier: MIT
import type { CodeEntry } from "./entry.ts";

/** Package and component manifests, and MSI databases. */
export const MANIFEST_CODES = {} as const satisfies Record<string, CodeEntry>;
