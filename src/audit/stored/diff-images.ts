// SPDX-License-Identifier: MIT
import type { FindingReport, GuestReport, ImageReport } from "../report.ts";
import type { Change, DiffGuest, Judgement } from "./diff-report.ts";
import { GUEST_FACTS, judgeChange, START } from "./guest-facts.ts";

/** All that is not as it was: of the image itself, of each of its guests, and its findings. */
export function diffImages(before: ImageReport, after: ImageReport): Change[] {
  return [
    ...diffErrors(before, after),
    ...(before.role === after.role ? [] : [ofImage("role", before.role, after.role, "neutral")]),
    ...diffGuests(before.guests, after.guests),
    ...diffFindings(before, after),
  ];
}

/** What an image that came or went has: that is no change for the better or worse, whatever it is. */
export function listImage(image: ImageReport, change: "added" | "removed"): Change[] {
  const isAdded = change === "added";
  const code = cut(image.error?.code ?? null);
  const error = isAdded ? ofImage("error", null, code, "neutral") : ofImage("error", code, null, "neutral");
  return [...(code === null ? [] : [error]), ...image.guests.map((guest) => guestCame(guest, isAdded))];
}

function ofImage(
  what: Change["what"],
  before: string | null,
  after: string | null,
  judgement: Judgement,
): Change {
  return { guest: null, what, name: null, before, after, judgement };
}

function diffErrors({ error: before }: ImageReport, { error: after }: ImageReport): Change[] {
  if (before?.code === after?.code) return [];
  const judgement = before === null ? "worse" : after === null ? "better" : "neutral";
  return [ofImage("error", cut(before?.code ?? null), cut(after?.code ?? null), judgement)];
}

function diffGuests(before: readonly GuestReport[], after: readonly GuestReport[]): Change[] {
  const { pairs, gone, come } = pairGuests(before, after);
  return [
    ...pairs.flatMap(([old, guest]) => diffGuest(old, guest)),
    // Where the last one is not found any more, nothing of the image can be judged, and that must not look fine.
    ...come.map((guest) => guestCame(guest, true, before.length === 0 ? "better" : "neutral")),
    ...gone.map((guest) => guestCame(guest, false, after.length === 0 ? "worse" : "neutral")),
  ];
}

function guestCame(guest: GuestReport, isNew: boolean, judgement: Judgement = "neutral"): Change {
  const { status } = guest.verdict;
  const [before, after] = isNew ? [null, status] : [status, null];
  return { guest: nameGuest(guest), what: "guest", name: null, before, after, judgement };
}

function nameGuest({ volume, os }: GuestReport): DiffGuest {
  return { volume: volume.index, name: cut(os.name), hostname: cut(os.hostname) };
}

interface GuestPairs {
  readonly pairs: readonly (readonly [before: GuestReport, after: GuestReport])[];
  readonly gone: readonly GuestReport[];
  readonly come: readonly GuestReport[];
}

/** What makes two guests the same one, from the surest sign to the least. */
const SAME_GUEST: readonly ((guest: GuestReport) => string)[] = [
  ({ volume, systemRoot }) => `${volume.offset} ${systemRoot}`,
  ({ volume }) => String(volume.offset),
  ({ volume }) => String(volume.index),
];

function pairGuests(before: readonly GuestReport[], after: readonly GuestReport[]): GuestPairs {
  const pairs: (readonly [GuestReport, GuestReport])[] = [];
  let gone = before;
  let come = after;
  for (const sign of SAME_GUEST) {
    const left = groupBySign(gone, sign);
    come = come.filter((guest) => {
      const old = left.get(sign(guest))?.pop();
      if (old === undefined) return true;
      pairs.push([old, guest]);
      return false;
    });
    const unpaired = new Set([...left.values()].flat());
    gone = gone.filter((guest) => unpaired.has(guest));
  }
  return { pairs, gone, come };
}

/** The guests of each sign, the first one last. A report may say that an image has thousands. */
function groupBySign(
  guests: readonly GuestReport[],
  sign: (guest: GuestReport) => string,
): Map<string, GuestReport[]> {
  const groups = new Map<string, GuestReport[]>();
  for (const guest of guests.toReversed()) {
    const group = groups.get(sign(guest));
    if (group === undefined) groups.set(sign(guest), [guest]);
    else group.push(guest);
  }
  return groups;
}

function diffGuest(before: GuestReport, after: GuestReport): Change[] {
  const guest = nameGuest(after);
  const changes = GUEST_FACTS.flatMap((fact): Change[] => {
    const [old, now] = [fact.of(before), fact.of(after)];
    if (old === now) return [];
    const judgement = judgeChange(fact, old, now);
    return [{ guest, what: fact.what, name: null, before: cut(old), after: cut(now), judgement }];
  });
  const [old, now] = [before.integrationServices, after.integrationServices];
  return [
    ...changes,
    ...diffServices("service", guest, old.services, now.services),
    ...diffServices("driver", guest, old.drivers, now.drivers),
  ];
}

type Services = GuestReport["integrationServices"]["services"];

function diffServices(
  what: "service" | "driver",
  guest: DiffGuest,
  before: Services,
  after: Services,
): Change[] {
  const [old, now] = [before, after].map(
    (services) => new Map(services.map((service) => [service.name, START.of(service)])),
  ) as [Map<string, string>, Map<string, string>];
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((name): Change[] => {
    // A report that does not list it says as much as one that lists it as absent.
    const [was, is] = [old.get(name) ?? "absent", now.get(name) ?? "absent"];
    if (was === is) return [];
    return [{ guest, what, name: cut(name), before: was, after: is, judgement: judgeChange(START, was, is) }];
  });
}

function diffFindings(before: ImageReport, after: ImageReport): Change[] {
  const [old, now] = [findingsByKey(before), findingsByKey(after)];
  const came = [...now].filter(([key]) => !old.has(key));
  const went = [...old].filter(([key]) => !now.has(key));
  return [
    ...came.map(([, { finding, text }]) => findingChange(finding, null, text, "worse")),
    ...went.map(([, { finding, text }]) => findingChange(finding, text, null, "better")),
  ];
}

function findingChange(
  { code, severity }: FindingReport,
  before: string | null,
  after: string | null,
  judgement: Judgement,
): Change {
  return {
    guest: null,
    what: "finding",
    name: cut(code),
    before: cut(before),
    after: cut(after),
    judgement: severity === "info" ? "neutral" : judgement,
  };
}

/** The findings by code and place: their messages may count what counts on. What became the image's error is that. */
function findingsByKey({
  path,
  findings,
  error,
}: ImageReport): Map<string, { finding: FindingReport; text: string }> {
  const byKey = new Map<string, { finding: FindingReport; text: string }>();
  for (const finding of findings) {
    const { code, where, message } = finding;
    if (code === error?.code && where === error.where) continue;
    const place = where === path ? "" : where.startsWith(`${path}: `) ? where.slice(path.length + 2) : where;
    const text = place === "" ? message : `${message} (${place})`;
    byKey.set(`${code} ${place}`, { finding, text });
  }
  return byKey;
}

/** Differences are kept for all images, and who wants the whole of a text has the report. */
const TEXT_LENGTH_MAX = 300;

/** As much of a text from a report as is kept of it. */
function cut<T extends string | null>(text: T): T | string {
  if (text === null || text.length <= TEXT_LENGTH_MAX) return text;
  // A slice of a string keeps all of it in memory; what was written out and read again is a string of its own.
  return JSON.parse(JSON.stringify(`${text.slice(0, TEXT_LENGTH_MAX)}... (${text.length} characters)`));
}
