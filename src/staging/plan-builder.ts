// SPDX-License-Identifier: MIT
import { type OpenedImage, reportFinding } from "../audit/index.ts";
import type { Finding } from "../errors.ts";
import type { StagingJob } from "../guest/index.ts";
import { summariseHost } from "../policy/index.ts";
import type { ChangeDraft, ReadyChange } from "./change-draft.ts";
import type { ImageChangeOptions } from "./options.ts";
import type { VerifiedPayload } from "./payload.ts";
import type { ConsideredTrigger, PlannedChange } from "./plan.ts";
import { reportChange, reportRefusal } from "./plan-report.ts";
import { canBeAllowed, type Preconditions } from "./preconditions/index.ts";
import type { PlanReport } from "./report.ts";
import type { StagingTarget } from "./target.ts";

/** The report of a plan while it is being made. */
export class PlanBuilder {
  readonly #image: string;
  #report: Omit<PlanReport, "outcome" | "refusals" | "warnings">;
  readonly #refusals: Finding[] = [];
  readonly #warnings: Finding[] = [];

  constructor(image: OpenedImage, options: ImageChangeOptions) {
    this.#image = image.path;
    this.#report = emptyPlan(image.path, options);
  }

  get isRefused(): boolean {
    return this.#refusals.length > 0;
  }

  refuse(...findings: Finding[]): void {
    this.#refusals.push(...findings);
  }

  warn(...findings: Finding[]): void {
    this.#warnings.push(...findings);
  }

  take({ refusals, warnings }: Preconditions): void {
    this.refuse(...refusals);
    this.warn(...warnings);
  }

  /** The guest that the plan is for. */
  about({ report, volume }: StagingTarget): void {
    const { systemRoot, os, setupState, verdict, staging } = report;
    const guest = {
      volume: volume.index,
      systemRoot: systemRoot ?? "",
      os,
      setupState,
      verdict,
      staging: staging.state,
    };
    this.#report = { ...this.#report, guest };
  }

  /** What decided, or why there is nothing to do. */
  because(reasons: readonly string[]): void {
    this.#report = { ...this.#report, reasons: [...this.#report.reasons, ...reasons] };
  }

  stages({ offer, identity, sha256, sizeBytes, signature, trustRoot }: VerifiedPayload): void {
    const { place, name, version } = offer;
    const file = { place, name, identity, version, sha256, bytes: sizeBytes, signature, trustRoot };
    this.#report = { ...this.#report, package: file };
  }

  runsBy({ trigger: id, reboot, maxAttempts }: StagingJob, considered: readonly ConsideredTrigger[]): void {
    this.#report = { ...this.#report, trigger: { id, reboot, maxAttempts, considered } };
  }

  changes(changes: readonly PlannedChange[]): void {
    this.#report = { ...this.#report, changes: changes.map(reportChange) };
  }

  /** The plan as it stands; without a change that is ready it is refused, or there is nothing to do. */
  end(ready?: ReadyChange): ChangeDraft {
    const outcome = this.isRefused ? "refused" : ready === undefined ? "nothing-to-do" : "ready";
    const plan: PlanReport = {
      ...this.#report,
      outcome,
      writes: ready?.prepared.writes ?? null,
      refusals: this.#refusals.map((found) => reportRefusal(found, this.#image, canBeAllowed)),
      warnings: this.#warnings.map((found) => reportFinding(found, this.#image)),
    };
    return {
      plan,
      ...(ready !== undefined && { ready }),
      [Symbol.dispose]: () => ready?.prepared[Symbol.dispose](),
    };
  }
}

/** A plan of which nothing is known yet. */
export function emptyPlan(
  image: string,
  { host, toolVersion }: ImageChangeOptions,
): Omit<PlanReport, "outcome"> {
  return {
    schema: "vmguest.plan/1",
    tool: { name: "vmguest", version: toolVersion },
    host: summariseHost(host),
    image,
    reasons: [],
    guest: null,
    package: null,
    trigger: null,
    changes: [],
    writes: null,
    refusals: [],
    warnings: [],
    error: null,
  };
}
