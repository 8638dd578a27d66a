// SPDX-License-Identifier: MIT
import {
  type AuditSummary,
  GATE_CONDITIONS,
  type GateCondition,
  SummaryBuilder,
  violationsOf,
} from "../../../audit/index.ts";
import type { AuditedImage } from "../../../batch/index.ts";
import { EXIT, type ExitCode, exitCodeOfImage, gravestOf } from "../../exit-codes.ts";

/** What all images together come to, while they come. */
export class AuditTally {
  readonly #forbidden: ReadonlySet<GateCondition>;
  readonly #summary = new SummaryBuilder();
  readonly #violated = new Set<GateCondition>();
  readonly #codes = new Set<ExitCode>();

  constructor(forbidden: ReadonlySet<GateCondition>) {
    this.#forbidden = forbidden;
  }

  add({ outcome }: Pick<AuditedImage, "outcome">): void {
    this.#summary.add(outcome);
    for (const condition of violationsOf(outcome, this.#forbidden)) this.#violated.add(condition);
    if (outcome.error !== null) this.#codes.add(exitCodeOfImage(outcome.error));
  }

  get summary(): AuditSummary {
    return this.#summary.build();
  }

  /** What is forbidden and was found, in the order in which conditions are listed. */
  get violated(): readonly GateCondition[] {
    return GATE_CONDITIONS.filter((condition) => this.#violated.has(condition));
  }

  /** What the images and the gate make the command end with. */
  get exitCode(): ExitCode {
    return gravestOf([...this.#codes, ...(this.#violated.size > 0 ? [EXIT.policyFailed] : [])]);
  }
}
