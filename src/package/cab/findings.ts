// SPDX-License-Identifier: MIT
import type { Code } from "../../codes.ts";
import { type Finding, finding, findingOf, type VmguestError, type Where } from "../../errors.ts";

/** A cabinet may have 65,535 members with something wrong about each; nobody reads that many sentences. */
const FINDING_COUNT_MAX = 1000;

/** Collects what is worth knowing about a cabinet, up to a number that can be read. */
export class FindingList {
  readonly list: Finding[] = [];

  add(code: Code, message: string, where: Where = {}): void {
    this.#push(finding(code, message, where));
  }

  addError(error: VmguestError, where: Where = {}): void {
    this.#push(findingOf(error, where));
  }

  #push(next: Finding): void {
    if (this.list.length < FINDING_COUNT_MAX) this.list.push(next);
    else if (this.list.length === FINDING_COUNT_MAX) {
      this.list.push(
        finding("LIMIT_EXCEEDED", `more than ${FINDING_COUNT_MAX} findings; the others are left out`),
      );
    }
  }
}
