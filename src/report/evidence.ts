// SPDX-License-Identifier: MIT
import type { GuestReport, ImageReport } from "../audit/index.ts";
import { indentText } from "./columns.ts";
import { describeMachine, describeOs, describeVersion } from "./guest-words.ts";
import type { Paint } from "./paint.ts";
import { makeVisible, shownName, shownSentence } from "./visible-text.ts";

/** What every guest's report rests on: each piece of evidence with its place, and what else the guest itself says. */
export function* formatEvidence(
  images: Iterable<ImageReport>,
  width: number,
  paint: Paint,
): Generator<string> {
  let heading = `${paint("bold", "EVIDENCE")}\n`;
  for (const image of images) {
    for (const guest of image.guests) {
      yield `${heading}${formatGuest(image, guest, width).join("\n")}\n`;
      heading = "";
    }
  }
}

function formatGuest(image: ImageReport, guest: GuestReport, width: number): string[] {
  const { evidence } = guest.integrationServices;
  const { verdict, reasons } = guest.windowsUpdate;
  const found = evidence.map(({ source, value, where }) => `${source} ${shownName(value)}: ${where}`);
  return [
    `${makeVisible(image.path)}: ${describeOs(guest)} (${describeMachine(guest)})`,
    ...listUnder(`integration services: ${describeVersion(guest).join(" ")}`, found, width),
    ...listUnder(`Windows Update: ${verdict}`, reasons, width),
    ...listUnder(
      `pending servicing: ${guest.pendingServicing.length === 0 ? "none found" : "yes"}`,
      guest.pendingServicing,
      width,
    ),
    ...listUnder(`setup state: ${guest.setupState}`, [], width),
    ...formatStaging(guest, width),
    ...formatPassedOver(guest, width),
  ];
}

/** What a staging was judged by; nothing where there never was one. */
function formatStaging({ staging }: GuestReport, width: number): string[] {
  const { state, evidence } = staging;
  return evidence.length === 0 ? [] : listUnder(`staged update: ${state}`, evidence, width);
}

/** Why packages that were offered are not for this guest; nothing where none were. */
function formatPassedOver({ verdict }: GuestReport, width: number): string[] {
  const { passedOver } = verdict;
  if (passedOver.length === 0) return [];
  const reasons = passedOver.map(({ place, reason }) => `${place.join("/")}: ${reason}`);
  return listUnder("packages passed over", reasons, width);
}

const INDENT = 2;

function listUnder(heading: string, items: readonly string[], width: number): string[] {
  return [
    ...indentText(heading, INDENT, width),
    ...items.flatMap((item) => indentText(shownSentence(item), 2 * INDENT, width, "- ")),
  ];
}
