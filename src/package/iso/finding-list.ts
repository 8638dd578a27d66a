// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";

/** A damaged disc can yield findings without end; a report needs the first of them. */
const FINDING_COUNT_MAX = 100;

/** What reading a disc went around, each once, however often it is met. */
export class FindingList {
  readonly #findings = new Map<string, Finding>();

  add(found: Finding): void {
    if (this.#findings.size >= FINDING_COUNT_MAX) return;
    this.#findings.set(JSON.stringify([found.code, found.message, found.where]), found);
  }

  get all(): readonly Finding[] {
    return [...this.#findings.values()];
  }
}
