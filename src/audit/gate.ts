// SPDX-License-Identifier: MIT
import type { GuestOutcome, ImageOutcome } from "./image-outcome.ts";

/**
 * What a gate may forbid (`--fail-on`): a status of a guest; `inconsistent`, where the sources of a guest's version
 * disagree; `staging`, where an earlier staging failed or was cut; `no-guest`, where an image could be read and none was
 * found in it, so that nothing was judged; `error`, where an image could not be read or a finding is an error; `warning`,
 * where a finding is a warning.
 */
export const GATE_CONDITIONS = [
  "outdated",
  "missing",
  "unknown",
  "inconsistent",
  "staging",
  "no-guest",
  "error",
  "warning",
] as const;

/** One of {@link GATE_CONDITIONS}. */
export type GateCondition = (typeof GATE_CONDITIONS)[number];

/** States of a staging after which somebody has to act. */
const BAD_STAGING: ReadonlySet<GuestOutcome["stagingState"]> = new Set([
  "failed",
  "staged-broken",
  "interrupted",
]);

/** Those of `forbidden` that the guest itself fulfils, in the order of {@link GATE_CONDITIONS}. */
export function violationsOfGuest(
  guest: GuestOutcome,
  forbidden: ReadonlySet<GateCondition>,
): GateCondition[] {
  return GATE_CONDITIONS.filter((condition) => forbidden.has(condition) && isMetByGuest(condition, guest));
}

/** Those of `forbidden` that the image fulfils whatever its guests are, in the order of {@link GATE_CONDITIONS}. */
export function violationsOfImage(
  image: ImageOutcome,
  forbidden: ReadonlySet<GateCondition>,
): GateCondition[] {
  return GATE_CONDITIONS.filter((condition) => forbidden.has(condition) && isMetByImage(condition, image));
}

/** Those of `forbidden` that the image or one of its guests fulfils, in the order of {@link GATE_CONDITIONS}. */
export function violationsOf(image: ImageOutcome, forbidden: ReadonlySet<GateCondition>): GateCondition[] {
  return GATE_CONDITIONS.filter(
    (condition) =>
      forbidden.has(condition) &&
      (isMetByImage(condition, image) || image.guests.some((guest) => isMetByGuest(condition, guest))),
  );
}

function isMetByGuest(
  condition: GateCondition,
  { status, isConsistent, stagingState }: GuestOutcome,
): boolean {
  if (condition === "inconsistent") return !isConsistent;
  if (condition === "staging") return BAD_STAGING.has(stagingState);
  return status === condition;
}

function isMetByImage(condition: GateCondition, image: ImageOutcome): boolean {
  if (condition === "error") return image.error !== null || image.hasErrorFinding;
  if (condition === "no-guest") return image.error === null && image.guests.length === 0;
  return condition === "warning" && image.hasWarningFinding;
}
