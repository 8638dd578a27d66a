// SPDX-License-Identifier: MIT
import type { InstallTool, StagingJob, TriggerId } from "../../guest/index.ts";

/**
 * How often the script asks for a restart in all its life: once so that other servicing can finish, once so that its own
 * installation can. Whatever is lost or fails, it never asks for a third.
 */
export const RESTARTS_MAX = 2;

/**
 * How often setup mode runs the script at most: once for each attempt, and once more to look at the outcome. Only a power
 * cut that takes back what was written since the start adds one.
 */
export const startsMax = (job: Pick<StagingJob, "maxAttempts">): number => job.maxAttempts + 1;

/** Seconds between two looks at something that is waited for. */
export const POLL_SECONDS = 10;

/** Looks at other servicing before the installation is put off: 20 minutes. */
export const SERVICING_POLLS_MAX = 120;

/** Looks at the installer, all its tries in one start together, before it is left to itself: 40 minutes. */
export const INSTALL_POLLS_MAX = 240;

/** Pauses before the installer is tried once more in the same start, seconds. */
export const RETRY_PAUSES: readonly number[] = [5, 15, 45];

/** States of a package that is in force, as servicing numbers them: superseded, installed, permanent. */
export const INSTALLED_STATES: readonly number[] = [0x50, 0x70, 0x80];

/** States of a package that the next restart finishes: install pending, partially installed. */
export const PENDING_STATES: readonly number[] = [0x60, 0x65];

/** What a trigger lets the script do. */
export interface TriggerTraits {
  /** Whether the script can have itself run again at the next start. */
  readonly comesAgain: boolean;
  /** Whether it must look whether Windows Setup is over: the others run as a part of Setup, or by hand. */
  readonly awaitsSetup: boolean;
}

export const TRIGGER_TRAITS: Readonly<Record<TriggerId, TriggerTraits>> = {
  "setup-mode": { comesAgain: true, awaitsSetup: true },
  "setup-complete": { comesAgain: false, awaitsSetup: false },
  "group-policy": { comesAgain: true, awaitsSetup: true },
  "run-once": { comesAgain: false, awaitsSetup: false },
  "stage-only": { comesAgain: false, awaitsSetup: false },
};

/** Whether the script may ask for restarts: where the job says so, and where it also comes again afterwards. */
export const mayRestart = (job: Pick<StagingJob, "reboot" | "trigger">): boolean =>
  job.reboot === "auto" && TRIGGER_TRAITS[job.trigger].comesAgain;

/** A way to install: `pkgmgr.exe` is given the cabinet first, then a folder with what is in it. */
export type InstallMethod = "dism" | "pkgmgr" | "folder";

/** The ways of a job in the order in which they are tried. */
export const methodsOf = (tools: readonly InstallTool[]): readonly InstallMethod[] =>
  tools.flatMap((tool): InstallMethod[] => (tool === "pkgmgr" ? ["pkgmgr", "folder"] : [tool]));
