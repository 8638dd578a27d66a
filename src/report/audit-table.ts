// SPDX-License-Identifier: MIT
import type { AuditReport, GuestReport, ImageReport } from "../audit/index.ts";
import { nameHost, type Status } from "../policy/index.ts";
import { type Cell, type Column, cell, fitsColumns, formatColumns, type Row } from "./columns.ts";
import { formatEvidence } from "./evidence.ts";
import { formatFindings } from "./findings.ts";
import { describeMachine, describeOffer, describeOs, describeVersion } from "./guest-words.ts";
import { type Paint, paintWith, type Style } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { wrapText } from "./text-width.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

/** Narrower than this the sentences become towers; the terminal wraps them then. */
const WIDTH_MIN = 60;

/** Image and guest stand side by side where each gets this much, else over each other. */
const COMFORTABLE_WIDTH = 24;

export interface AuditTableOptions extends TableOptions {
  /** Whether to list, below the guests, what was found of each and where. */
  readonly explains?: boolean;
}

/** The audit for a person at a terminal: a row for each guest with its verdict, the reasons below it, then findings. */
export function formatTable(report: AuditReport, options: AuditTableOptions): string {
  const width = Math.max(options.width, WIDTH_MIN);
  const paint = paintWith(options.colour);
  const parts = [
    wrapText(introduce(report), width).join("\n"),
    formatRows(report, width, paint).trimEnd(),
    options.explains === true ? formatEvidence(report.images, width, paint).trimEnd() : "",
    formatFindings(report.images, width, paint).trimEnd(),
    wrapText(summarise(report), width).join("\n"),
  ];
  return parts
    .filter((part) => part !== "")
    .map((part) => `${part}\n`)
    .join("\n");
}

function introduce({ host }: AuditReport): string {
  const basis = `Judged for a Hyper-V host of ${nameHost(host.id)} (${host.id})`;
  return host.extrapolated
    ? `${basis}, which is newer than Microsoft's update tables: by those for ${host.generation} and later.`
    : `${basis}.`;
}

interface Entry {
  readonly status: Cell;
  readonly image: string;
  readonly guest: readonly string[];
  readonly version: readonly string[];
  readonly mechanism: string;
  readonly action: string;
  readonly notes: readonly string[];
}

const WIDE: readonly Column[] = [
  { header: "STATUS" },
  { header: "IMAGE", isFlexible: true },
  { header: "GUEST", isFlexible: true },
  { header: "INTEGRATION SERVICES" },
  { header: "UPDATED THROUGH" },
  { header: "ACTION" },
];

const NARROW: readonly Column[] = [
  { header: "STATUS" },
  { header: "IMAGE, GUEST", isFlexible: true },
  { header: "IC VERSION" },
  { header: "ACTION, MECHANISM" },
];

function formatRows(report: AuditReport, width: number, paint: Paint): string {
  const entries = withoutRepetition(report.images.flatMap(entriesOf));
  const noteIndent =
    Math.max(...entries.map(({ status }) => (status.lines[0] ?? "").length), "STATUS".length) + 2;
  const wide = entries.map((entry): Row => {
    const { status, image, guest, version, mechanism, action, notes } = entry;
    const cells = [
      status,
      cell(image),
      cell(...guest),
      cell(version.join(" ")),
      cell(mechanism),
      cell(action),
    ];
    return { cells, notes };
  });
  if (fitsColumns(WIDE, wide, width, COMFORTABLE_WIDTH)) {
    return formatColumns(WIDE, wide, { paint, width, noteIndent });
  }
  const narrow = entries.map(({ status, image, guest, version, mechanism, action, notes }): Row => {
    return { cells: [status, cell(image, ...guest), cell(...version), cell(action, mechanism)], notes };
  });
  return formatColumns(NARROW, narrow, { paint, width, noteIndent });
}

/** In a fleet, many a guest has the same reasons as the one above it. */
function withoutRepetition(entries: readonly Entry[]): Entry[] {
  return entries.map((entry, index) => {
    const above = entries[index - 1]?.notes ?? [];
    const isRepetition = entry.notes.length > 0 && entry.notes.join("\n") === above.join("\n");
    return isRepetition ? { ...entry, notes: ["as above"] } : entry;
  });
}

const STATUS_STYLES: Record<Status, Style> = {
  current: "green",
  outdated: "red",
  missing: "red",
  unknown: "yellow",
  "not-applicable": "dim",
};

/** A row for each guest; an image without guests, or with one that could not be read, gets a row that says so. */
function entriesOf(image: ImageReport): Entry[] {
  const entries = image.guests.map((guest) => guestEntry(image, guest));
  if (image.error !== null) entries.push(errorEntry(image, image.error));
  else if (entries.length === 0) entries.push(emptyEntry(image));
  return entries;
}

function guestEntry(image: ImageReport, guest: GuestReport): Entry {
  const { verdict, rule } = guest;
  return {
    status: { lines: [verdict.status], style: STATUS_STYLES[verdict.status] },
    image: makeVisible(image.path),
    guest: [describeOs(guest), describeMachine(guest)],
    version: describeVersion(guest),
    mechanism: rule.mechanism,
    action: verdict.action,
    notes: [
      ...(verdict.offered === null ? [] : [`${verdict.action}: ${describeOffer(verdict.offered)}`]),
      ...verdict.reasons.map((reason) => shownSentence(withoutCitation(reason, rule.source))),
    ],
  };
}

/** The row of Microsoft's table that a reason cites is for the JSON; here it would say host and guest once more. */
function withoutCitation(reason: string, source: string): string {
  return reason.replace(` (${source})`, "");
}

const NO_GUEST = { version: ["-"], mechanism: "-", action: "-" };

function errorEntry(image: ImageReport, error: NonNullable<ImageReport["error"]>): Entry {
  const notes = [`${shownSentence(error.message)} [${error.code}]`];
  if (error.hint !== null) notes.push(error.hint);
  return {
    ...NO_GUEST,
    status: { lines: ["error"], style: "red" },
    image: makeVisible(image.path),
    guest: [image.guests.length === 0 ? "could not be read" : "another guest could not be read"],
    notes,
  };
}

function emptyEntry(image: ImageReport): Entry {
  const contents = [...new Set(image.volumes.map(({ fileSystem }) => fileSystem))];
  return {
    ...NO_GUEST,
    status: { lines: ["-"], style: "dim" },
    image: makeVisible(image.path),
    guest: [contents.length === 0 ? "no guest found" : `no guest found in ${contents.join(", ")}`],
    notes: [],
  };
}

function summarise({ summary }: AuditReport): string {
  const sentences = [
    `${count(summary.images, "image")}, ${count(summary.guests, "guest")}${listCounts(summary.byStatus, ": ")}.`,
  ];
  const actions = Object.entries(summary.byAction).filter(([action]) => action !== "none");
  if (actions.length > 0) sentences.push(`To do${listCounts(Object.fromEntries(actions), ": ")}.`);
  if (summary.errors > 0) sentences.push(`${count(summary.errors, "image")} could not be read.`);
  return sentences.join(" ");
}

function listCounts(counts: Readonly<Record<string, number>>, intro: string): string {
  const parts = Object.entries(counts).map(([name, number]) => `${number} ${name}`);
  return parts.length === 0 ? "" : intro + parts.join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
