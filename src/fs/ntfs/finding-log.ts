// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";

/** A damaged volume can yield the same finding without end; a report needs the first of them. */
const FINDING_COUNT_MAX = 100;

/** Collects what reading a volume went around, each place once. */
export class FindingLog {
  readonly #findings = new Map<string, Finding>();

  add(found: Finding): void {
    const key = JSON.stringify([found.code, found.message, found.where]);
    if (this.#findings.size < FINDING_COUNT_MAX) this.#findings.set(key, found);
  }

  get all(): readonly Finding[] {
    return [...this.#findings.values()];
  }
}
