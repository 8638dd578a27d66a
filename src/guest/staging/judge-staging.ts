// SPDX-License-Identifier: MIT
import type { StagingState } from "./job.ts";
import type { DriverSign, PackageSign } from "./package-sign.ts";
import type { ResultPhase, StagingResult } from "./result-file.ts";

/** What a staging is judged by, the strongest first. */
export interface StagingSigns {
  readonly package: PackageSign["state"];
  readonly drivers: DriverSign;
  /** Whether anything says that servicing operations wait for a restart. */
  readonly isServicingPending: boolean;
  /** What the script wrote down, or else what it repeated in the registry. */
  readonly result: StagingResult | undefined;
  /** Attempts that the script began. */
  readonly attemptCount: number;
  readonly trigger: "armed" | "idle" | "by-hand";
}

export interface StagingJudgement {
  /** `staged` and `deferred` as far as all that is needed is there, which is for the caller to look at. */
  readonly state: Exclude<StagingState, "none" | "staged-broken">;
  /** One sentence. */
  readonly detail: string;
  /** Where a weaker sign says the opposite of a stronger one: both, as one sentence. */
  readonly contradiction?: string;
}

/**
 * The state of a staging by the order of trust: the component store and the driver files, then what the script said.
 * docs/staging-states.md has it as a table.
 */
export function judgeStaging(signs: StagingSigns): StagingJudgement {
  switch (signs.package) {
    case "installed":
      return judgeInstalled(signs);
    case "pending":
      return {
        state: "pending-reboot",
        detail: "the package is installed as soon as the guest has restarted",
        ...denial(signs.result, "the component store is about to install the package"),
      };
    default:
      return judgeResult(signs);
  }
}

function judgeInstalled({ drivers, isServicingPending, result }: StagingSigns): StagingJudgement {
  if (drivers === "older" && isServicingPending) {
    const detail = "the package is installed, and its drivers are as soon as the guest has restarted";
    return { state: "pending-reboot", detail };
  }
  if (drivers === "older") {
    return {
      state: "installed",
      detail: "the component store has the package installed, though drivers are older than it",
      contradiction: "the component store has the package installed, but drivers are older than it",
    };
  }
  return {
    state: "installed",
    detail: "the component store has the package installed",
    ...denial(result, "the component store has the package installed"),
  };
}

/** Phases that deny what the component store shows. */
const DENIALS: ReadonlySet<ResultPhase> = new Set(["failed", "not-applicable"]);

function denial(result: StagingResult | undefined, shown: string): { contradiction?: string } {
  if (result === undefined || !DENIALS.has(result.phase)) return {};
  return { contradiction: `the script ended with ${describeResult(result)}, but ${shown}` };
}

function judgeResult(signs: StagingSigns): StagingJudgement {
  const { result, attemptCount, trigger } = signs;
  if (result === undefined) {
    if (attemptCount === 0) return { state: "staged", detail: "nothing says that the script has run" };
    return { state: "interrupted", detail: "the script began, and wrote nothing down" };
  }
  const said = describeResult(result);
  switch (result.phase) {
    case "installed":
    case "verified":
    case "already-installed":
    case "pending-reboot":
      return judgeClaim(signs, result);
    case "started":
    case "waiting-cbs":
    case "installing":
      return { state: "interrupted", detail: `the script stopped at ${said}, and never said how it ended` };
    case "deferred":
      return { state: "deferred", detail: `the script put the installation off: ${said}` };
    case "aborted-safemode":
      return {
        state: trigger === "armed" ? "deferred" : "failed",
        detail: `the script does nothing in safe mode: ${said}`,
      };
    case "not-applicable":
      return { state: "not-applicable", detail: `the guest said that the package is not for it: ${said}` };
    case "failed":
    case "timeout":
      return { state: "failed", detail: `the script ended with ${said}` };
  }
}

/** The script says that the package is in, or will be; the component store does not have it. */
function judgeClaim(signs: StagingSigns, result: StagingResult): StagingJudgement {
  const said = describeResult(result);
  if (signs.drivers === "current") {
    return {
      state: "installed",
      detail: `the drivers are those of the package, or newer; the script ended with ${said}`,
    };
  }
  if (signs.isServicingPending) {
    return {
      state: "pending-reboot",
      detail: `the script ended with ${said}, and servicing waits for a restart`,
    };
  }
  const isPending = result.phase === "pending-reboot";
  if (signs.package === "absent" || (signs.drivers === "older" && !isPending)) {
    const shown = "the package is not there: it was undone at a restart, or removed since";
    return {
      state: "failed",
      detail: `the script ended with ${said}, but ${shown}`,
      contradiction: `the script ended with ${said}, but ${shown}`,
    };
  }
  return {
    state: isPending ? "pending-reboot" : "installed",
    detail: `nothing but the script says so, which ended with ${said}`,
  };
}

/** `failed, exit code -2146498529 (0x800f081f): no source`. */
export function describeResult({ phase, exitCode, detail }: StagingResult): string {
  const code = exitCode === undefined ? "" : `, exit code ${exitCode}${hexOf(exitCode)}`;
  return `${phase}${code}${detail === undefined ? "" : `: ${detail}`}`;
}

/** Codes of Windows are known by their hexadecimal spelling. */
function hexOf(code: number): string {
  return code < 0 ? ` (0x${(code + 2 ** 32).toString(16)})` : "";
}
