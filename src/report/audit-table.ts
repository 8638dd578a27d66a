// SPDX-License-Identifier: MIT
import type { AuditReport, GuestReport, ImageReport, StreamedReport } from "../audit/index.ts";
import { nameHost, type Status } from "../policy/index.ts";
import { type Cell, type Column, cell, MeasuredColumns, type Row } from "./columns.ts";
import { counted } from "./count-words.ts";
import { formatEvidence } from "./evidence.ts";
import { FindingList, formatFindings, newsOf } from "./findings.ts";
import { describeMachine, describeOffer, describeOs, describeVersion } from "./guest-words.ts";
import { paintWith, type Style } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { wrapText } from "./text-width.ts";
import { makeVisible, shownName, shownSentence } from "./visible-text.ts";

/** Narrower than this the sentences become towers; the terminal wraps them then. */
const WIDTH_MIN = 60;

/** Image and guest stand side by side where each gets this much, else over each other. */
const COMFORTABLE_WIDTH = 24;

/** How the table is written. */
export interface AuditTableOptions extends TableOptions {
  /** Whether to list, below the guests, what was found of each and where. */
  readonly explains?: boolean;
}

/** The audit for a person at a terminal: a row for each guest with its verdict, the reasons below it, then findings. */
export function formatTable(report: AuditReport, options: AuditTableOptions): string {
  return [...formatAuditTable(report, options)].join("");
}

/** {@link formatTable} piece by piece, for images that are too many to be held at once. */
export function* formatAuditTable(report: StreamedReport, options: AuditTableOptions): Generator<string> {
  const width = Math.max(options.width, WIDTH_MIN);
  const paint = paintWith(options.colour);
  yield paragraph(introduce(report), width);
  yield "\n";
  const layout = chooseLayout(report.images, width);
  const findings = new FindingList();
  yield* layout.columns.format(rowsOf(report.images, layout, findings), { ...layout, paint, width });
  if (options.explains === true) yield* afterBlankLine(formatEvidence(report.images, width, paint));
  yield* afterBlankLine(formatFindings(findings, width, paint));
  yield `\n${paragraph(summarise(report), width)}`;
}

const paragraph = (text: string, width: number) => `${wrapText(text, width).join("\n")}\n`;

/** The pieces after a blank line; nothing where there are none. */
function* afterBlankLine(pieces: Iterable<string>): Generator<string> {
  let before = "\n";
  for (const piece of pieces) {
    yield before + piece;
    before = "";
  }
}

function introduce({ host }: Pick<AuditReport, "host">): string {
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

interface Layout {
  readonly columns: MeasuredColumns;
  readonly cellsOf: (entry: Entry) => Cell[];
  readonly noteIndent: number;
}

function wideCells({ status, image, guest, version, mechanism, action }: Entry): Cell[] {
  return [status, cell(image), cell(...guest), cell(version.join(" ")), cell(mechanism), cell(action)];
}

function narrowCells({ status, image, guest, version, mechanism, action }: Entry): Cell[] {
  return [status, cell(image, ...guest), cell(...version), cell(action, mechanism)];
}

/** Goes through all images for what the columns need. */
function chooseLayout(images: Iterable<ImageReport>, width: number): Layout {
  const wide = new MeasuredColumns(WIDE);
  const narrow = new MeasuredColumns(NARROW);
  let statusWidth = "STATUS".length;
  for (const image of images) {
    for (const entry of entriesOf(image)) {
      wide.add(wideCells(entry));
      narrow.add(narrowCells(entry));
      statusWidth = Math.max(statusWidth, entry.status.lines[0]?.length ?? 0);
    }
  }
  const noteIndent = statusWidth + 2;
  return wide.fits(width, COMFORTABLE_WIDTH)
    ? { columns: wide, cellsOf: wideCells, noteIndent }
    : { columns: narrow, cellsOf: narrowCells, noteIndent };
}

/** The rows of all images, whose findings are gathered on the way. */
function* rowsOf(images: Iterable<ImageReport>, { cellsOf }: Layout, findings: FindingList): Generator<Row> {
  let above = "";
  for (const image of images) {
    findings.add(newsOf(image));
    for (const entry of entriesOf(image)) {
      // In a fleet, many a guest has the same reasons as the one above it.
      const said = entry.notes.join("\n");
      yield { cells: cellsOf(entry), notes: said !== "" && said === above ? ["as above"] : entry.notes };
      above = said;
    }
  }
}

const STATUS_STYLES: Record<Status, Style> = {
  current: "green",
  outdated: "red",
  missing: "red",
  unknown: "yellow",
  "not-applicable": "dim",
};

/** An entry for each guest; an image without guests, or with one that could not be read, gets one that says so. */
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
    image: nameImage(image),
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

/** Guests of an image that others are written over are an earlier state of theirs. */
function nameImage({ path, role }: ImageReport): string {
  return role === "parent" ? `${makeVisible(path)} (parent)` : makeVisible(path);
}

/** The row of Microsoft's table that a reason cites is for the JSON; here it would say host and guest once more. */
function withoutCitation(reason: string, source: string): string {
  return reason.replace(` (${source})`, "");
}

const NO_GUEST = { version: ["-"], mechanism: "-", action: "-" };

function errorEntry(image: ImageReport, error: NonNullable<ImageReport["error"]>): Entry {
  const notes = [`${shownSentence(error.message)} [${shownName(error.code)}]`];
  if (error.hint !== null) notes.push(shownSentence(error.hint));
  return {
    ...NO_GUEST,
    status: { lines: ["error"], style: "red" },
    image: nameImage(image),
    guest: [image.guests.length === 0 ? "could not be read" : "another guest could not be read"],
    notes,
  };
}

function emptyEntry(image: ImageReport): Entry {
  const contents = [...new Set(image.volumes.map(({ fileSystem }) => fileSystem))];
  return {
    ...NO_GUEST,
    status: { lines: ["-"], style: "dim" },
    image: nameImage(image),
    guest: [contents.length === 0 ? "no guest found" : `no guest found in ${contents.join(", ")}`],
    notes: [],
  };
}

function summarise({ summary }: Pick<AuditReport, "summary">): string {
  const { images, parents, guests } = summary;
  const parentsAmong = parents === 0 ? "" : ` (${counted(parents, "parent")} of others among them)`;
  const sentences = [
    `${counted(images, "image")}${parentsAmong}, ${counted(guests, "guest")}${listCounts(summary.byStatus, ": ")}.`,
  ];
  const actions = Object.entries(summary.byAction).filter(([action]) => action !== "none");
  if (actions.length > 0) sentences.push(`To do${listCounts(Object.fromEntries(actions), ": ")}.`);
  if (summary.errors > 0) sentences.push(`${counted(summary.errors, "image")} could not be read.`);
  return sentences.join(" ");
}

function listCounts(counts: Readonly<Record<string, number>>, intro: string): string {
  const parts = Object.entries(counts).map(([name, number]) => `${number} ${shownName(name)}`);
  return parts.length === 0 ? "" : intro + parts.join(", ");
}
