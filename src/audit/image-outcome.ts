// SPDX-License-Identifier: MIT
import type { ErrorReport, GuestReport, ImageReport, ImageRole } from "./report.ts";

/**
 * The gist of an image's report: what a summary, an exit code and a gate are made of, small enough to be kept for every
 * image of a large library.
 */
export interface ImageOutcome {
  readonly role: ImageRole;
  readonly guests: readonly GuestOutcome[];
  readonly error: Pick<ErrorReport, "code" | "kind"> | null;
  /** Whether a finding has that severity. */
  readonly hasErrorFinding: boolean;
  readonly hasWarningFinding: boolean;
}

/** The gist of one guest. */
export interface GuestOutcome {
  readonly status: GuestReport["verdict"]["status"];
  readonly action: GuestReport["verdict"]["action"];
  /** Whether the sources of the version agree. */
  readonly isConsistent: boolean;
  readonly stagingState: GuestReport["staging"]["state"];
}

/** The gist of a report. */
export function outcomeOf({ role, guests, error, findings }: ImageReport): ImageOutcome {
  return {
    role,
    guests: guests.map(({ verdict, integrationServices, staging }) => ({
      status: verdict.status,
      action: verdict.action,
      isConsistent: integrationServices.consistent,
      stagingState: staging.state,
    })),
    error: error === null ? null : { code: error.code, kind: error.kind },
    hasErrorFinding: findings.some(({ severity }) => severity === "error"),
    hasWarningFinding: findings.some(({ severity }) => severity === "warning"),
  };
}
