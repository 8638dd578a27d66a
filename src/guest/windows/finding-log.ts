// SPDX-License-Identifier: MIT
import { type Finding, findingOf, located, VmguestError, type Where } from "../../errors.ts";

/** Damage in many places is told by its first examples; a hostile hive must not fill the report. */
const FINDING_COUNT_MAX = 64;

/** The findings of one guest, each said once. */
export class FindingLog {
  readonly #findings = new Map<string, Finding>();

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  add(...findings: readonly Finding[]): void {
    for (const found of findings) {
      const key = [found.code, found.where.path, found.where.structure, found.where.offset, found.message];
      if (this.#findings.size < FINDING_COUNT_MAX) this.#findings.set(key.join("\0"), found);
    }
  }

  /**
   * Runs `work`; damage that it meets becomes a finding placed at `where`, and the answer is `otherwise`. What is no
   * VmguestError is a mistake of ours and passes through.
   */
  attempt<T, U>(where: Where, work: () => T, otherwise: U): T | U {
    try {
      return work();
    } catch (error) {
      const full = located(error, where);
      if (!(full instanceof VmguestError)) throw error;
      this.add(findingOf(full));
      return otherwise;
    }
  }
}
