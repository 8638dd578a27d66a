import type { PlanReport, RollbackReport, StageReport } from "../../src/staging/index.ts";
import { guest } from "./reports.ts";

/** Reports of plans and stagings written by hand; every builder takes what the test is about. */

const { os, setupState, verdict } = guest();

export const TOOL = { name: "vmguest", version: "0.1.0" } as const;

/** A plan to update the guest of web01 by setup mode. */
export function plan(changes: Partial<PlanReport> = {}): PlanReport {
  return {
    schema: "vmguest.plan/1",
    tool: TOOL,
    host: { id: "ws2012r2", generation: "2012r2", extrapolated: false },
    image: "web01.vhdx",
    outcome: "ready",
    reasons: ["6.3.9600.16384 is older than 6.3.9600.19456"],
    guest: { volume: 1, systemRoot: "Windows", os, setupState, verdict, staging: "none" },
    package: {
      place: ["vmguest.iso", "support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab"],
      name: "Windows6.x-HyperVIntegrationServices-x64.cab",
      identity: "Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
      version: "6.3.9600.19456",
      sha256: "0123456789abcdef".repeat(4),
      bytes: 712_345,
      signature: "microsoft",
      trustRoot: null,
    },
    trigger: {
      id: "setup-mode",
      reboot: "auto",
      maxAttempts: 3,
      considered: [
        {
          trigger: "setup-mode",
          isChosen: true,
          reason: "the guest is specialised and its setup slot is free",
        },
        {
          trigger: "group-policy",
          isChosen: false,
          reason: "it is needed only where setup mode is not to be had",
        },
      ],
    },
    changes: [
      {
        stage: "payload",
        kind: "create-directory",
        path: "Windows/Setup/vmguest",
        key: null,
        value: null,
        data: null,
        bytes: 0,
        reason: "all that is staged stands in a folder of its own",
      },
      {
        stage: "payload",
        kind: "create-file",
        path: "Windows/Setup/vmguest/ic.cab",
        key: null,
        value: null,
        data: null,
        bytes: 712_345,
        reason: "the package itself",
      },
      {
        stage: "arming",
        kind: "set-value",
        path: "Windows/System32/config/SYSTEM",
        key: "Setup",
        value: "SetupType",
        data: "2",
        bytes: 4,
        reason: "has Windows run the script before the logon screen",
      },
    ],
    writes: { bytes: 1_300_000, growth: 1_048_576, steps: 7 },
    refusals: [],
    warnings: [],
    error: null,
    ...changes,
  };
}

/** The same where the guest is hibernated. */
export function refusedPlan(changes: Partial<PlanReport> = {}): PlanReport {
  const refusal = {
    code: "NTFS_DIRTY",
    severity: "error",
    message: "the volume is marked dirty",
    where: "web01.vhdx: volume 1",
    cure: "Start the VM, run `chkdsk /f` in the guest, and shut it down properly.",
    canBeAllowed: false,
  } as const;
  return plan({
    outcome: "refused",
    trigger: null,
    changes: [],
    writes: null,
    refusals: [
      refusal,
      { ...refusal, code: "UNDO_PRESENT", message: "an earlier change", canBeAllowed: true },
    ],
    ...changes,
  });
}

export function stageReport(changes: Partial<StageReport> = {}): StageReport {
  return {
    image: "web01.vhdx",
    outcome: "staged",
    plan: plan(),
    target: { kind: "in-place", path: "web01.vhdx" },
    undoFile: "web01.vhdx.vmguest-undo",
    proof: {
      changedPages: 190,
      records: ["Windows/Setup/vmguest", "Windows/Setup/vmguest/ic.cab"],
      hives: [{ path: "Windows/System32/config/SYSTEM", cells: 3 }],
      knownFindings: [],
    },
    error: null,
    ...changes,
  };
}

export function rollbackReport(changes: Partial<RollbackReport> = {}): RollbackReport {
  return {
    schema: "vmguest.rollback/1",
    tool: TOOL,
    image: "web01.vhdx",
    outcome: "rolled-back",
    undoFile: "web01.vhdx.vmguest-undo",
    bytes: 12_288,
    error: null,
    ...changes,
  };
}
