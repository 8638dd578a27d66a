// SPDX-License-Identifier: MIT
import type { Architecture } from "../facts.ts";

/**
 * What makes the guest run the first-boot script: Winlogon's setup mode, SetupComplete.cmd at the end of Windows Setup, a
 * start-up script of the local group policy, RunOnce (audit mode), or nothing (`stage-only`: somebody runs it by hand).
 */
export const TRIGGERS = ["setup-mode", "setup-complete", "group-policy", "run-once", "stage-only"] as const;

/** One of {@link TRIGGERS}. */
export type TriggerId = (typeof TRIGGERS)[number];

/** Whether the script may have the guest restart when the installer asks for it. */
export type RebootPolicy = "auto" | "never";

/** The program of the guest that installs a package. */
export type InstallTool = "dism" | "pkgmgr";

/** A staged update, as `job.ini` describes it. */
export interface StagingJob {
  readonly schema: 1;
  /** A GUID, lower case, without braces. */
  readonly id: string;
  /** SHA-256 of the package's file, lower-case hexadecimal, and its size in bytes. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Name of the package's file where it came from. */
  readonly packageName: string;
  /** Identity as the component store spells it: `name~token~architecture~language~version`. */
  readonly identity: string;
  /** Version of the integration services in it, `a.b.c.d`. */
  readonly version: string;
  readonly architecture: Exclude<Architecture, "unknown">;
  /** NT version of the guest, `6.1`. */
  readonly nt: string;
  readonly trigger: TriggerId;
  /** How often the script may begin an installation, each at a start of its own. */
  readonly maxAttempts: number;
  readonly reboot: RebootPolicy;
  /** In the order in which they are tried. */
  readonly tools: readonly InstallTool[];
  /** Folder of Windows as the guest calls it, `C:\Windows`. */
  readonly systemRoot: string;
}

/** States of a staging, by what an offline look at the guest can prove. */
export type StagingState =
  /** No sign of a staging. */
  | "none"
  /** Payload, script and trigger are in place; the guest has not run yet. */
  | "staged"
  /** A staging whose trigger is gone, or whose files are not what the job says. */
  | "staged-broken"
  /** The script began, and never said how it ended. */
  | "interrupted"
  /** Put off to a later start. */
  | "deferred"
  /** Installed as soon as the guest has restarted. */
  | "pending-reboot"
  | "installed"
  | "failed"
  /** The guest said that the package is not for it. */
  | "not-applicable";

/** What an earlier staging left in a guest. */
export interface StagingFacts {
  readonly state: StagingState;
  /** One sentence: what says so, and where. */
  readonly detail: string;
  /** Undefined where there is no job that can be read. */
  readonly job?: StagingJob;
  /** Attempts that the script began; undefined where there is no job that can be read. */
  readonly attemptCount?: number;
  /** Exit code of the installer as the script saw it, where it says one. */
  readonly exitCode?: number;
  /** What the state was judged by, each sign as a sentence with its place. */
  readonly evidence: readonly string[];
}
