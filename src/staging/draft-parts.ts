// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import { findingOf, VmguestError } from "../errors.ts";
import { SiblingFiles } from "../io/index.ts";
import type { ChangeDraft } from "./change-draft.ts";
import { chooseGuest } from "./guest-choice.ts";
import type { ImageChangeOptions, WriteOptions } from "./options.ts";
import { PlanBuilder } from "./plan-builder.ts";
import { checkImagePreconditions, checkInterrupted, type StagingWish } from "./preconditions/index.ts";
import type { StagingTarget } from "./target.ts";

type DraftOptions = ImageChangeOptions & Pick<WriteOptions, "target" | "replaces">;

/**
 * Plans a change after what is asked before any: which guest it is for, and whether the image is in the middle of another.
 * What `draft` throws to refuse becomes a refusal of the plan.
 */
export function draftFor(
  image: OpenedImage,
  options: DraftOptions,
  draft: (plan: PlanBuilder, target: StagingTarget, wish: StagingWish) => ChangeDraft,
): ChangeDraft {
  const plan = new PlanBuilder(image, options);
  const choice = chooseGuest(image, options.volume, options);
  const wish = wishOf(image, options);
  if ("refusal" in choice) {
    plan.refuse(choice.refusal);
    plan.take(checkImagePreconditions(image, wish));
    return plan.end();
  }
  const { target } = choice;
  plan.about(target);
  plan.take(checkInterrupted(image, wish));
  return plan.isRefused ? plan.end() : refusing(plan, () => draft(plan, target, wish));
}

/** What the checks before a change have to know of it. */
function wishOf(image: OpenedImage, options: DraftOptions): StagingWish {
  return {
    allowed: options.allowed ?? new Set(),
    hostFolder: SiblingFiles.around(image.path),
    ...(options.target !== undefined && { target: options.target.kind }),
    ...(options.replaces !== undefined && { replaces: options.replaces }),
  };
}

/** Errors that say that it must not or cannot be done safely; others say that something could not be read. */
const REFUSAL_KINDS: ReadonlySet<string> = new Set(["unsafe", "unsupported"]);

function refusing(plan: PlanBuilder, work: () => ChangeDraft): ChangeDraft {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError) || !REFUSAL_KINDS.has(error.kind)) throw error;
    plan.refuse(findingOf(error));
    return plan.end();
  }
}

/** What an undo file is to say to who finds it. */
export function noteOf(note: Readonly<Record<string, string>>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(note));
}
