// SPDX-License-Identifier: MIT
import { auditOpened, type OpenedImage } from "../audit/index.ts";
import { VmguestError } from "../errors.ts";
import type { ChangeDraft } from "./change-draft.ts";
import { draftFor, noteOf } from "./draft-parts.ts";
import type { ImageChangeOptions, WriteOptions } from "./options.ts";
import { checkPreconditions } from "./preconditions/index.ts";
import { type ChildTarget, prepareChange } from "./prepare-change.ts";
import { planServiceStart, type ServiceStartWish } from "./service-start.ts";

/** A service of the guest, by its own name, and what is to become of it. */
export interface ServiceEdit {
  readonly name: string;
  readonly start: ServiceStartWish;
}

/**
 * Plans how integration services of a guest are to start, down to the bytes, in memory; nothing is written. What stands in
 * the way is in the plan. Throws SERVICE_UNKNOWN, and where the image or the host's files cannot be read.
 */
export function draftServices(
  image: OpenedImage,
  edits: readonly ServiceEdit[],
  options: ImageChangeOptions & Pick<WriteOptions, "target" | "replaces">,
  child?: ChildTarget,
): ChangeDraft {
  return draftFor(image, options, (plan, target, wish) => {
    const changes = edits.flatMap(({ name, start }) => planServiceStart(target, name, start));
    if (changes.length === 0) {
      plan.because(["the services start as they are to start already"]);
      return plan.end();
    }
    plan.take(checkPreconditions(target, wish));
    plan.changes(changes);
    if (plan.isRefused) return plan.end();
    const { newGuid, now } = options;
    const volume = target.volume.index;
    const prepared = prepareChange(image, changes, {
      volume,
      newGuid,
      now,
      ...(child !== undefined && { child }),
    });
    plan.warn(...prepared.findings);
    const note = noteOf({ kind: "services", services: edits.map(({ name }) => name).join(" ") });
    const checkResult = (after: OpenedImage) => requireStarts(after, volume, edits, options);
    return plan.end({ target, changes, prepared, note, checkResult });
  });
}

/** Looks at the result as the next audit will. */
function requireStarts(
  after: OpenedImage,
  volume: number,
  edits: readonly ServiceEdit[],
  { host }: ImageChangeOptions,
): void {
  const { guests } = auditOpened(after, { host });
  const services = guests.find((guest) => guest.volume.index === volume)?.integrationServices.services ?? [];
  for (const { name, start } of edits) {
    const found = services.find((service) => service.name.toLowerCase() === name.toLowerCase());
    if (found !== undefined && (found.start === "disabled") === (start === "disable")) continue;
    const message = `${name} is to be ${start}d, and its start type is ${found?.start ?? "not there"}`;
    throw new VmguestError("STAGE_RESULT_WRONG", message, { image: after.path, partition: volume });
  }
}
