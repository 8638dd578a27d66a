// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import {
  guestSystemRoot,
  type InstallTool,
  packageNameFor,
  type RebootPolicy,
  type StagingJob,
  type TriggerId,
} from "../guest/index.ts";
import type { VerifiedPayload } from "./payload.ts";
import type { StagingTarget } from "./target.ts";

/** How often the script begins an installation, at most: one that failed twice for lack of time or a busy system. */
const INSTALL_ATTEMPTS = 3;

/** What goes into a job besides the package. */
export interface JobChoices {
  readonly id: string;
  readonly trigger: TriggerId;
  readonly reboot: RebootPolicy | undefined;
}

/**
 * The job of staging a package into a guest. Throws STAGE_SYSTEM_ROOT where the guest does not say where its Windows is,
 * STAGE_PACKAGE_UNFIT where it does not say for which processor it is.
 */
export function jobOf(target: StagingTarget, payload: VerifiedPayload, choices: JobChoices): StagingJob {
  const { os } = target.report;
  const { architecture } = os;
  const nt = os.version ?? "";
  if (architecture === "unknown") {
    throw new VmguestError("STAGE_PACKAGE_UNFIT", "the guest does not say for which processor it is");
  }
  return {
    schema: 1,
    id: choices.id.toLowerCase(),
    sha256: payload.sha256,
    sizeBytes: payload.sizeBytes,
    packageName: packageNameFor(payload.offer.name),
    identity: payload.identity,
    version: payload.offer.version,
    architecture,
    nt,
    trigger: choices.trigger,
    maxAttempts: INSTALL_ATTEMPTS,
    reboot: rebootOf(choices),
    tools: toolsOf(nt),
    systemRoot: systemRootOf(target),
  };
}

/** DISM has been there since Windows 7; of Vista and Server 2008 only its forerunner knows how to install a package. */
function toolsOf(nt: string): InstallTool[] {
  return nt === "6.0" ? ["pkgmgr"] : ["dism", "pkgmgr"];
}

/**
 * Whether the script may restart the guest, where that is wished. Only in setup mode does the restart belong to Winlogon;
 * while Windows Setup or an administrator is at work, none is ours.
 */
export function rebootOf({ trigger, reboot }: Pick<JobChoices, "trigger" | "reboot">): RebootPolicy {
  if (trigger === "setup-mode") return reboot ?? "auto";
  return trigger === "group-policy" ? (reboot ?? "never") : "never";
}

function systemRootOf({ windows }: StagingTarget): string {
  const systemRoot = guestSystemRoot(windows);
  if (systemRoot !== undefined) return systemRoot;
  throw new VmguestError(
    "STAGE_SYSTEM_ROOT",
    "the guest does not say on which drive and in which folder it is",
  );
}
