// SPDX-License-Identifier: MIT
import { type Code, type Finding, findingOf, located, VmguestError, type Where } from "../../errors.ts";

/**
 * Damage in many places is told by its first examples; a hostile hive must not fill the report. Counted by code, so
 * that no damage crowds out a finding of another sort.
 */
const FINDINGS_OF_ONE_CODE_MAX = 16;

/** The findings of one guest, each said once. */
export class FindingLog {
  readonly #findings = new Map<string, Finding>();
  readonly #counts = new Map<Code, number>();

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  add(...findings: readonly Finding[]): void {
    for (const found of findings) {
      const { code, message, where } = found;
      const key = [code, where.path, where.structure, where.offset, message].join("\0");
      const count = this.#counts.get(code) ?? 0;
      if (this.#findings.has(key) || count === FINDINGS_OF_ONE_CODE_MAX) continue;
      this.#findings.set(key, found);
      this.#counts.set(code, count + 1);
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
