// SPDX-License-Identifier: MIT
import { OpenedImage, reportError } from "../audit/index.ts";
import { openBefore } from "../io/commit/index.ts";
import type { ChangeDraft } from "./change-draft.ts";
import { type ChangeImageOptions, changeImage } from "./change-image.ts";
import { draftServices, type ServiceEdit } from "./draft-services.ts";
import { type DraftOptions, draftStaging } from "./draft-staging.ts";
import type { ImageChangeOptions, StagingOptions, WriteOptions } from "./options.ts";
import { emptyPlan } from "./plan-builder.ts";
import type { PlanReport, StageReport } from "./report.ts";

/**
 * What {@link stageImage} would do, worked out in memory down to the bytes that it would write. Nothing is written, and
 * nothing is thrown for what files hold: what could not be read is in `error`.
 */
export function planStaging(path: string, options: DraftOptions): PlanReport {
  return planImage(path, options, (image) => draftStaging(image, options));
}

/**
 * Stages an update into an image: payload, first-boot script and the trigger that makes the guest run it once, in one
 * transaction with a way back (docs/safety.md). Never throws for what files hold: that is in `error`, and why it was
 * refused in `plan.refusals`.
 */
export function stageImage(path: string, options: StagingOptions & ChangeImageOptions): StageReport {
  return changeImage(path, options, (image, child) => draftStaging(image, options, child));
}

/** What {@link editServices} would do. */
export function planServices(
  path: string,
  edits: readonly ServiceEdit[],
  options: ImageChangeOptions & Pick<WriteOptions, "target" | "replaces">,
): PlanReport {
  return planImage(path, options, (image) => draftServices(image, edits, options));
}

/** Changes how integration services of a guest start, with the same care as {@link stageImage}. */
export function editServices(
  path: string,
  edits: readonly ServiceEdit[],
  options: ChangeImageOptions,
): StageReport {
  return changeImage(path, options, (image, child) => draftServices(image, edits, options, child));
}

function planImage(
  path: string,
  options: ImageChangeOptions & Pick<WriteOptions, "target" | "replaces">,
  draft: (image: OpenedImage) => ChangeDraft,
): PlanReport {
  try {
    using image = OpenedImage.open(path, options);
    const replaces = options.replaces === true && (options.target?.kind ?? "in-place") === "in-place";
    using before = replaces ? openBefore(path) : undefined;
    using was = before === undefined ? undefined : image.reread(before);
    using drafted = draft(was ?? image);
    image.checkUnchanged();
    const { plan } = drafted;
    if (before === undefined) return plan;
    return { ...plan, reasons: ["an earlier change of the image is taken back first", ...plan.reasons] };
  } catch (error) {
    return { ...emptyPlan(path, options), outcome: "failed", error: reportError(error, path) };
  }
}
