// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import type { GuestFacts } from "../facts.ts";
import type { ComponentStore } from "../windows/component-store.ts";
import type { FindingLog } from "../windows/finding-log.ts";
import type { GuestReader } from "../windows/guest-reader.ts";
import type { StagingFacts, StagingJob, TriggerId } from "./job.ts";
import { describeResult, judgeStaging, type StagingJudgement } from "./judge-staging.ts";
import { STAGING_FILES, STAGING_FOLDER } from "./names.ts";
import { readDriverSign, readPackageSign } from "./package-sign.ts";
import { readLastRegistryWord, readRegistryWord } from "./registry-word.ts";
import type { StagingResult } from "./result-file.ts";
import { StagingFiles } from "./staging-files.ts";
import { isArmedCommand, readSetupCommand, readTriggerSign, type TriggerSign } from "./trigger-sign.ts";

/** What else is known of the guest by which a staging is judged. */
export type StagingContext = Pick<GuestFacts, "setupState" | "integrationServices" | "pendingServicing">;

/**
 * What an earlier staging left in a guest, and what came of it.
 *
 * Costs a guest without the folder of a staging one look-up of it and one of a key; the package is read, to compare its
 * digest, only where it is to be installed yet. Damage becomes a finding, and costs what it hits.
 */
export function readStaging(
  guest: GuestReader,
  store: ComponentStore,
  context: StagingContext,
  log: FindingLog,
): StagingFacts {
  const files = new StagingFiles(guest, log);
  const folder = files.findFolder();
  if (folder === "absent") return readWithoutFiles(guest, context);
  if (folder === "foreign") return none(`${files.pathOf()} is not vmguest's`);
  if (folder === "unreadable") return none(`${files.pathOf()} could not be looked into`);
  const job = files.readJob();
  if (job === "foreign") return none(`${files.pathOf()} is not vmguest's`);
  if (job === "unreadable") {
    return {
      state: "staged-broken",
      detail: "the description of the staged update cannot be read",
      evidence: [],
    };
  }
  return readJobState({ guest, store, context, log, files, job });
}

const none = (detail: string): StagingFacts => ({ state: "none", detail, evidence: [] });

interface Reading {
  readonly guest: GuestReader;
  readonly store: ComponentStore;
  readonly context: StagingContext;
  readonly log: FindingLog;
  readonly files: StagingFiles;
  readonly job: StagingJob;
}

function readJobState(reading: Reading): StagingFacts {
  const { guest, store, context, log, files, job } = reading;
  const results = readResults(reading);
  const { result } = results;
  const ofPackage = readPackageSign(store, job);
  const trigger = readTriggerSign(guest, job, log);
  const attemptCount = Math.max(files.countAttempts(job.id), result?.attempt ?? 0, results.attemptCount);
  const judgement = judgeStaging({
    package: ofPackage.state,
    drivers: readDriverSign(context.integrationServices?.evidence ?? [], job.version),
    isServicingPending: context.pendingServicing.length > 0,
    result,
    attemptCount,
    trigger: trigger.state,
  });
  if (judgement.contradiction !== undefined) {
    log.add(finding("STAGING_CONTRADICTED", judgement.contradiction, { path: files.pathOf() }));
  }
  const { state, detail, evidence } = stateOf(judgement, reading, trigger);
  return {
    state,
    detail,
    job,
    attemptCount,
    ...(result?.exitCode !== undefined && { exitCode: result.exitCode }),
    evidence: [
      ofPackage.text,
      ...results.evidence,
      trigger.text,
      ...evidence,
      `the update is described in ${files.pathOf(STAGING_FILES.job)}`,
    ],
  };
}

interface Results {
  readonly result: StagingResult | undefined;
  /** Attempts that the registry counts. */
  readonly attemptCount: number;
  readonly evidence: readonly string[];
}

/** The script's own word: its file, or else what it repeated in the registry. */
function readResults({ guest, files, job }: Reading): Results {
  const written = files.readResult();
  const place = files.pathOf(STAGING_FILES.result);
  const repeated = readRegistryWord(guest, job.id);
  const attemptCount = repeated?.attemptCount ?? 0;
  if (written !== undefined && (written.job ?? job.id) === job.id) {
    return { result: written, attemptCount, evidence: [saying(written, place)] };
  }
  const evidence = written === undefined ? [] : [`a result of another job was passed over (${place})`];
  if (repeated?.result === undefined) return { result: undefined, attemptCount, evidence };
  return {
    result: repeated.result,
    attemptCount,
    evidence: [...evidence, saying(repeated.result, repeated.where)],
  };
}

const saying = (result: StagingResult, where: string) =>
  `the script said ${describeResult(result)} (${where})`;

/** When a trigger starts the script. */
const STARTS: Readonly<Record<TriggerId, string>> = {
  "setup-mode": "at the next start of the guest",
  "setup-complete": "when Windows Setup ends",
  "group-policy": "at the next start of the guest",
  "run-once": "at the next logon of an administrator",
  "stage-only": "when somebody runs the script",
};

/** The state as judged; what is to be installed yet needs its files and its trigger. */
function stateOf(
  { state, detail }: StagingJudgement,
  { context, files, job }: Reading,
  trigger: TriggerSign,
): Pick<StagingFacts, "state" | "detail" | "evidence"> {
  if (state !== "staged" && state !== "deferred") return { state, detail, evidence: [] };
  const put = state === "staged" ? "" : `${detail}; `;
  const defects = [...files.findDefects(job), ...triggerDefects(trigger, job, context)];
  if (defects.length > 0) {
    const reasons = defects.join("; ");
    return {
      state: "staged-broken",
      detail: `${put}${job.version} is not going to be installed: ${reasons}`,
      evidence: [],
    };
  }
  return {
    state,
    detail: `${put}${job.version} is installed ${STARTS[job.trigger]}`,
    evidence: [`the package is the one that was staged (${files.pathOf(STAGING_FILES.payload)})`],
  };
}

function triggerDefects(
  { state, text }: TriggerSign,
  { trigger }: StagingJob,
  { setupState }: StagingContext,
): string[] {
  if (state === "idle") return [text];
  // Windows passes SetupComplete.cmd over where the product key is that of the machine's maker.
  const isPast = trigger === "setup-complete" && setupState === "specialized";
  return isPast ? ["Windows Setup has ended, and runs SetupComplete.cmd no more"] : [];
}

/** A guest without the folder: the registry may remember a job, or a trigger be left over. */
function readWithoutFiles(guest: GuestReader, context: StagingContext): StagingFacts {
  const path = guest.pathOf(STAGING_FOLDER);
  const command = readSetupCommand(guest);
  if (command !== undefined && isArmedCommand(command)) {
    const detail = `setup mode runs the script at the next start, but its folder is gone (${path})`;
    return { state: "staged-broken", detail, evidence: [] };
  }
  const last = readLastRegistryWord(guest);
  if (last?.result === undefined) return none("no update was staged into this guest");
  const { result, attemptCount, where } = last;
  const { state, detail } = judgeStaging({
    package: "unreadable",
    drivers: "unknown",
    isServicingPending: context.pendingServicing.length > 0,
    result,
    attemptCount,
    trigger: "idle",
  });
  const evidence = [saying(result, where)];
  if (state === "deferred") {
    return { state: "staged-broken", detail: `${detail}, but its folder is gone (${path})`, evidence };
  }
  const { exitCode } = result;
  return { state, detail, ...(exitCode !== undefined && { exitCode }), evidence };
}
