// SPDX-License-Identifier: MIT
import { auditOpened, type OpenedImage } from "../audit/index.ts";
import { finding, locate, VmguestError } from "../errors.ts";
import {
  parseJob,
  STAGING_FILES,
  STAGING_FOLDER,
  type StagingJob,
  type StagingState,
} from "../guest/index.ts";
import { readBytes } from "../io/index.ts";
import { type OfferedPackage, packageFullName } from "../package/index.ts";
import type { ChangeDraft } from "./change-draft.ts";
import { draftFor, noteOf } from "./draft-parts.ts";
import { jobOf, rebootOf } from "./job-choice.ts";
import type { ImageChangeOptions, StagingOptions, WriteOptions } from "./options.ts";
import { verifiedPayload } from "./payload.ts";
import { planPayload } from "./payload-changes.ts";
import { planPersistVersion } from "./persist-version.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { checkPreconditions } from "./preconditions/index.ts";
import { type ChildTarget, prepareChange } from "./prepare-change.ts";
import type { StagingTarget } from "./target.ts";
import { chooseTrigger, planTrigger, warnOfTrigger } from "./triggers/index.ts";
import { whyUndecided } from "./undecided.ts";

export type DraftOptions = StagingOptions & Pick<WriteOptions, "target" | "replaces">;

/**
 * Plans the staging of an update into an image, down to the bytes, in memory; nothing is written. What stands in the way
 * is in the plan. Throws where the image or the host's files cannot be read.
 */
export function draftStaging(image: OpenedImage, options: DraftOptions, child?: ChildTarget): ChangeDraft {
  return draftFor(image, options, (plan, target, wish) => {
    const { verdict, staging } = target.report;
    plan.because(verdict.reasons);
    if (verdict.action === "none") return plan.end();
    const offer = options.offered.find(({ place }) => isSamePlace(place, verdict.offered?.place));
    if (staging.state === "staged" && isAsWished(stagedJob(target), offer, options)) {
      plan.because(["the very package is staged already"]);
      return plan.end();
    }
    plan.take(checkPreconditions(target, { ...wish, update: updateOf(offer, options) }));
    if (UNFINISHED.has(staging.state)) plan.refuse(finding("STAGE_PRESENT", staging.detail));
    if (verdict.action === "stage-cab" && offer !== undefined) {
      return draftUpdate(plan, target, offer, options, child);
    }
    if (!plan.isRefused) plan.refuse(whyUndecided(verdict));
    return plan.end();
  });
}

/** Whether what is staged is what would be, as far as anything is asked for. */
function isAsWished(
  job: StagingJob,
  offer: OfferedPackage | undefined,
  { trigger, reboot }: DraftOptions,
): boolean {
  const identity = offer?.identity ?? null;
  if (identity === null || job.identity !== packageFullName(identity)) return false;
  if (trigger !== undefined && trigger !== job.trigger) return false;
  return reboot === undefined || rebootOf({ trigger: job.trigger, reboot }) === job.reboot;
}

/** The job of a guest that has one staged: the audit has read it, and tells only a part of it. */
function stagedJob({ windows }: StagingTarget): StagingJob {
  const path = `${windows.systemRoot}/${STAGING_FOLDER}/${STAGING_FILES.job}`;
  return locate({ path }, () => {
    const file = windows.fs.require(path).open();
    return parseJob(readBytes(file, 0, file.sizeBytes));
  });
}

/** An earlier staging is still going to do something, or is in the middle of it. */
const UNFINISHED: ReadonlySet<StagingState> = new Set(["staged", "deferred", "pending-reboot"]);

function draftUpdate(
  plan: PlanBuilder,
  target: StagingTarget,
  offer: OfferedPackage,
  options: DraftOptions,
  child: ChildTarget | undefined,
): ChangeDraft {
  const payload = verifiedPayload(offer, options);
  plan.stages(payload);
  const considered = chooseTrigger(target, options.trigger);
  const trigger = considered.find(({ isChosen }) => isChosen)?.trigger ?? "stage-only";
  const job = jobOf(target, payload, { id: options.newGuid(), trigger, reboot: options.reboot });
  plan.runsBy(job, considered);
  plan.warn(...warnOfTrigger(target, considered));
  const changes = [
    ...planPayload(target, payload, job),
    ...(options.persistsVersion === true ? planPersistVersion(target) : []),
    ...planTrigger(trigger, target, job),
  ];
  plan.changes(changes);
  if (plan.isRefused) return plan.end();
  const { image, volume } = target;
  const { newGuid, now } = options;
  const prepared = prepareChange(image, changes, {
    volume: volume.index,
    newGuid,
    now,
    ...(child !== undefined && { child }),
  });
  plan.warn(...prepared.findings);
  return plan.end({
    target,
    changes,
    prepared,
    note: noteOf({ kind: "stage", job: job.id, package: job.packageName, version: job.version }),
    checkResult: (after) => requireStaged(after, volume.index, job, options),
  });
}

/** Looks at the result as the next audit will. */
function requireStaged(
  after: OpenedImage,
  volume: number,
  job: StagingJob,
  options: ImageChangeOptions,
): void {
  const { guests } = auditOpened(after, { host: options.host });
  const staging = guests.find((guest) => guest.volume.index === volume)?.staging;
  if (staging?.state === "staged" && staging.job?.id === job.id) return;
  const found = staging === undefined ? "no guest is found" : `${staging.state}: ${staging.detail}`;
  throw new VmguestError("STAGE_RESULT_WRONG", found, { image: after.path, partition: volume });
}

function updateOf(offer: OfferedPackage | undefined, { isNotOnWindowsUpdate }: StagingOptions) {
  return {
    payloadBytes: offer?.sizeBytes ?? 0,
    ...(offer !== undefined && { package: offer }),
    ...(isNotOnWindowsUpdate !== undefined && { isNotOnWindowsUpdate }),
  };
}

const isSamePlace = (one: readonly string[], other: readonly string[] | undefined): boolean =>
  one.length === other?.length && one.every((part, index) => part === other[index]);
