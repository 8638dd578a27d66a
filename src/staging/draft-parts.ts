// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import { findingOf, VmguestError } from "../errors.ts";
import { SiblingFiles } from "../io/index.ts";
import type { ChangeDraft } from "./change-draft.ts";
import type { ImageChangeOptions, WriteOptions } from "./options.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { StagingWish } from "./preconditions/index.ts";

/** What the checks before a change have to know of it. */
export function wishOf(
  image: OpenedImage,
  options: ImageChangeOptions & Pick<WriteOptions, "target" | "replaces">,
): StagingWish {
  return {
    allowed: options.allowed ?? new Set(),
    hostFolder: SiblingFiles.around(image.path),
    ...(options.target !== undefined && { target: options.target.kind }),
    ...(options.replaces !== undefined && { replaces: options.replaces }),
  };
}

/** Errors that say that it must not or cannot be done safely; others say that something could not be read. */
const REFUSAL_KINDS: ReadonlySet<string> = new Set(["unsafe", "unsupported"]);

/** Runs a part of planning; what it throws to refuse becomes a refusal of the plan. */
export function refusing(plan: PlanBuilder, work: () => ChangeDraft): ChangeDraft {
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
