// SPDX-License-Identifier: MIT
import type { Change, DiffReport, DiffSide, ImageDiff, Judgement } from "../audit/stored/index.ts";
import { counted } from "./count-words.ts";

/** A change as a sentence: what of it is ours, and what comes from a report, in turn. */
export interface ChangeWords {
  readonly judgement: Judgement;
  /** `foreign` is what a formatter has to make harmless. */
  readonly pieces: readonly (string | { readonly foreign: string })[];
}

/** Images with one way of being described. */
export interface DiffSection {
  readonly title: string;
  readonly judgement: Judgement;
  /** Images of which the same is to be said stand together, as after a rollout. */
  readonly groups: readonly DiffGroup[];
  readonly imageCount: number;
}

export interface DiffGroup {
  readonly paths: readonly string[];
  readonly changes: readonly ChangeWords[];
}

const SECTIONS: readonly (readonly [title: string, includes: (image: ImageDiff) => boolean])[] = [
  ["Worse", ({ change, judgement }) => change === "changed" && judgement === "worse"],
  ["Better", ({ change, judgement }) => change === "changed" && judgement === "better"],
  ["Changed", ({ change, judgement }) => change === "changed" && judgement === "neutral"],
  ["Added", ({ change }) => change === "added"],
  ["Removed", ({ change }) => change === "removed"],
];

/** What there is to be told, worst first; a section of no images is left out. */
export function diffSections({ images }: DiffReport): DiffSection[] {
  return SECTIONS.flatMap(([title, includes]) => {
    const included = images.filter(includes);
    const judgement = included[0]?.change === "changed" ? included[0].judgement : "neutral";
    if (included.length === 0) return [];
    return [{ title, judgement, groups: groupImages(included), imageCount: included.length }];
  });
}

function groupImages(images: readonly ImageDiff[]): DiffGroup[] {
  const groups = new Map<string, { paths: string[]; changes: readonly ChangeWords[] }>();
  for (const image of images) {
    const changes = describeImage(image);
    const key = JSON.stringify(changes);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { paths: [image.path], changes });
    else group.paths.push(image.path);
  }
  return [...groups.values()];
}

const WORST_FIRST: readonly Judgement[] = ["worse", "better", "neutral"];

function describeImage({ change, changes, omitted }: ImageDiff): ChangeWords[] {
  const volumes = new Set(changes.flatMap(({ guest }) => (guest === null ? [] : [guest.volume])));
  const described = changes.map((each) => describeChange(each, change, volumes.size > 1));
  const sorted = WORST_FIRST.flatMap((wanted) => described.filter(({ judgement }) => judgement === wanted));
  if (omitted > 0) {
    sorted.push({
      judgement: "neutral",
      pieces: [`and ${omitted} more changes (--format json has the first of them)`],
    });
  }
  return sorted;
}

function describeChange(change: Change, ofImage: ImageDiff["change"], namesVolume: boolean): ChangeWords {
  const { guest, judgement } = change;
  const place = guest !== null && namesVolume ? [`volume ${guest.volume}: `] : [];
  const pieces = ofImage === "changed" ? describeNews(change) : describeContent(change);
  return { judgement, pieces: [...place, ...pieces] };
}

type Pieces = ChangeWords["pieces"];

/** What an image has that came or went as a whole. */
function describeContent({ what, guest, before, after }: Change): Pieces {
  const value = { foreign: after ?? before ?? "" };
  if (what === "error") return ["could not be read: ", value];
  return [systemOf(guest), ", ", value];
}

function systemOf(guest: Change["guest"]): Pieces[number] {
  const name = guest?.name ?? null;
  return name === null ? "a guest" : { foreign: name };
}

function describeNews({ what, name, guest, before, after }: Change): Pieces {
  const [old, now] = [before, after].map((value) => (value === null ? "none" : { foreign: value })) as [
    Pieces[number],
    Pieces[number],
  ];
  if (what === "error" && before === null) return ["can no longer be read: ", now];
  if (what === "error" && after === null) return ["can be read again, after ", old];
  if (what === "finding") {
    return [{ foreign: name ?? "" }, after === null ? " is gone: " : ": ", after === null ? old : now];
  }
  if (what === "guest") {
    const system = systemOf(guest);
    return after === null ? ["guest gone: ", system, ", ", old] : ["guest new: ", system, ", ", now];
  }
  const title = name === null ? [`${TITLES[what]}: `] : [`${TITLES[what]} `, { foreign: name }, ": "];
  return [...title, old, " -> ", now];
}

const TITLES: Readonly<Record<Exclude<Change["what"], "guest" | "finding">, string>> = {
  error: "error",
  role: "role",
  status: "status",
  version: "version",
  "version-source": "source of the version",
  consistency: "sources of the version",
  action: "action",
  mechanism: "updated through",
  os: "operating system",
  "os-build": "build",
  edition: "edition",
  "service-pack": "service pack",
  hostname: "hostname",
  "setup-state": "setup state",
  "data-exchange": "Data Exchange",
  service: "service",
  driver: "driver",
  "windows-update": "Windows Update",
  "pending-servicing": "pending servicing",
  sha2: "support for SHA-2",
  staging: "staged update",
};

/** What a reader should know of one of the reports, beside its name. */
export function describeSide({ images, tool, host, timestamp, shard }: DiffSide): Pieces {
  const part = shard === undefined ? "" : `shard ${shard.index + 1} of ${shard.count}, `;
  const when = timestamp === undefined ? [] : [", ", { foreign: timestamp }];
  return [
    `${part}${counted(images, "image")}, vmguest `,
    { foreign: tool.version },
    `, host ${host.id}`,
    ...when,
  ];
}

/** What makes the reports differ though no image did; empty where there is nothing of the kind. */
export function describeBases({ before, after }: DiffReport): string[] {
  return [
    ...(before.host.id === after.host.id
      ? []
      : ["The reports are for different hosts: a verdict may differ for that alone."]),
    ...(before.tool.version === after.tool.version
      ? []
      : ["The reports were made by different versions of vmguest, which may judge differently."]),
    ...(isSamePart(before.shard, after.shard)
      ? []
      : ["A shard is a part: what it does not have may be in another one. report merge joins them."]),
  ];
}

/** Shards of one number hold the same images of a library, as far as it has them. */
function isSamePart(before: DiffSide["shard"], after: DiffSide["shard"]): boolean {
  return before?.index === after?.index && before?.count === after?.count;
}

/** How many images there are of each sort. */
export function describeSummary({ summary }: DiffReport): string {
  const { before, after, added, removed, changed, unchanged, worse, better, neutral } = summary;
  if (added + removed + changed === 0) return `Nothing changed: ${counted(after, "image")}.`;
  const judged = changed === 0 ? "" : ` (${worse} worse, ${better} better, ${neutral} neither)`;
  return `${counted(before, "image")} before, ${after} after: ${changed} changed${judged}, ${added} added, ${removed} removed, ${unchanged} as before.`;
}
