// SPDX-License-Identifier: MIT
import {
  type ErrorReport,
  type GateCondition,
  type GuestReport,
  type ImageReport,
  outcomeOf,
  violationsOfGuest,
  violationsOfImage,
} from "../../audit/index.ts";
import type { State } from "./states.ts";

/** One row of the page's table. */
export interface Entry {
  readonly image: ImageReport;
  readonly state: State;
  /** Null where the row stands for an image that could not be read, or that has no guest. */
  readonly guest: GuestReport | null;
  /** Only where it is this row that tells of it. */
  readonly error: ErrorReport | null;
  /** What the gate forbids and this row does. */
  readonly violations: readonly GateCondition[];
}

/** The rows of an image: one for each guest; one more where it could not be read, and one where it holds no guest. */
export function entriesOf(image: ImageReport, forbidden: ReadonlySet<GateCondition>): Entry[] {
  const outcome = outcomeOf(image);
  const ofImage = violationsOfImage(outcome, forbidden);
  const entries = image.guests.map((guest, index): Entry => {
    const own = outcome.guests[index];
    const ofGuest = own === undefined ? [] : violationsOfGuest(own, forbidden);
    return { image, state: guest.verdict.status, guest, error: null, violations: [...ofGuest, ...ofImage] };
  });
  if (image.error !== null) {
    entries.push({ image, state: "error", guest: null, error: image.error, violations: ofImage });
  } else if (entries.length === 0) {
    entries.push({ image, state: "no-guest", guest: null, error: null, violations: ofImage });
  }
  return entries;
}
