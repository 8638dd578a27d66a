// SPDX-License-Identifier: MIT
import {
  type GateCondition,
  type GuestReport,
  type ImageReport,
  outcomeOf,
  type StreamedReport,
  violationsOf,
} from "../../audit/index.ts";
import { FindingList, newsOf } from "../findings.ts";
import { describeMachine, describeOs, describeVersion } from "../guest-words.ts";
import { formatMarkdownFindings } from "./markdown-findings.ts";
import { gateInMarkdown, headingOf, introduceInMarkdown, summaryTable } from "./markdown-head.ts";
import { code, row, word } from "./markdown-text.ts";
import { RankedSection } from "./ranked-section.ts";

/** How long the text may be, and what it points out. */
export interface MarkdownOptions {
  /** Bytes of UTF-8 that the text may have; left out, what GitHub takes as the summary of a step. */
  readonly sizeMaxBytes?: number;
  /** What a gate forbids (`--fail-on`): the text says how many images do it. */
  readonly forbidden?: ReadonlySet<GateCondition>;
}

/** GitHub takes 1 MiB as the summary of a step; a step that writes more than this report has some of it left. */
const SIZE_MAX_BYTES = 1_000_000;

/** What the sections get of the room, in percent; head and notes need little of the rest. */
const SHARES = { rows: 45, reasons: 25, findings: 25 } as const;

/**
 * The audit as GitHub-flavoured Markdown, as for the summary of a pipeline's step: counts, guests, reasons, findings.
 * Guests stand worst first. What there is no room for is left out, and how much that is is said.
 *
 * Whatever an image, a path or a guest says stands in code spans, where nothing of it is Markdown, HTML, a link or a mention.
 */
export function* formatMarkdown(
  report: StreamedReport,
  { sizeMaxBytes = SIZE_MAX_BYTES, forbidden = new Set() }: MarkdownOptions = {},
): Generator<string> {
  const room = (share: keyof typeof SHARES) => Math.floor((sizeMaxBytes * SHARES[share]) / 100);
  const rows = new RankedSection(RANKS.length, room("rows"));
  const reasons = new RankedSection(RANKS.length, room("reasons"));
  const findings = new FindingList();
  let violatingCount = 0;
  for (const image of report.images) {
    if (violationsOf(outcomeOf(image), forbidden).length > 0) violatingCount++;
    findings.add(newsOf(image));
    for (const entry of entriesOf(image)) {
      const rank = RANKS.indexOf(entry.rank);
      rows.add(rank, entry.row);
      if (entry.reasons !== "") reasons.add(rank, entry.reasons);
    }
  }
  yield headingOf(report);
  yield introduceInMarkdown(report);
  if (forbidden.size > 0) yield gateInMarkdown(violatingCount, forbidden);
  yield* summaryTable(report.summary);
  yield* formatRows(rows);
  yield* formatReasons(reasons);
  yield* formatMarkdownFindings(findings, room("findings"));
}

/** What an entry is shown by: the statuses of guests, what could not be read first, what has no guest last. */
const RANKS = ["error", "missing", "outdated", "unknown", "current", "not-applicable", "no-guest"] as const;
type Rank = (typeof RANKS)[number];

interface Entry {
  readonly rank: Rank;
  /** Line of the table. */
  readonly row: string;
  /** Items of the list below it; empty where there is nothing to be done about it. */
  readonly reasons: string;
}

const HEADER = [
  row(["Status", "Image", "Guest", "Integration services", "Updated through", "Action"]),
  row(["---", "---", "---", "---", "---", "---"]),
].join("");

function* formatRows(rows: RankedSection): Generator<string> {
  const { texts, leftOut } = rows.choose();
  const note = describeRest(leftOut, "more rows");
  if (texts.length === 0 && note === "") return;
  yield `\n### Guests\n\n${HEADER}`;
  yield* texts;
  yield note;
}

function* formatReasons(reasons: RankedSection): Generator<string> {
  const { texts, leftOut } = reasons.choose();
  const note = describeRest(leftOut, "more reasons");
  if (texts.length === 0 && note === "") return;
  yield "\n### Reasons\n\n";
  yield* texts;
  yield note;
}

function describeRest(leftOut: readonly number[], what: string): string {
  const parts = leftOut.flatMap((count, index) => (count === 0 ? [] : [`${count} ${RANKS[index]}`]));
  return parts.length === 0
    ? ""
    : `\n**There is no room for ${what}: ${parts.join(", ")}.** The formats csv and json have them all.\n`;
}

function entriesOf(image: ImageReport): Entry[] {
  const entries = image.guests.map((guest) => guestEntry(image, guest));
  if (image.error !== null) entries.push(errorEntry(image, image.error));
  else if (entries.length === 0) entries.push(emptyEntry(image));
  return entries;
}

function guestEntry(image: ImageReport, guest: GuestReport): Entry {
  const { verdict, rule } = guest;
  const { status, action, reasons } = verdict;
  const rank = RANKS.find((rank) => rank === status) ?? "unknown";
  const cells = [
    word(status),
    nameImage(image),
    `${code(describeOs(guest))}<br>${code(describeMachine(guest))}`,
    code(describeVersion(guest).join(" ")),
    word(rule.mechanism),
    word(action),
  ];
  const title = `- ${word(status)}: ${nameImage(image)}, ${code(describeMachine(guest))}\n`;
  const isFine = rank === "current" || rank === "not-applicable";
  return {
    rank,
    row: row(cells),
    reasons: isFine ? "" : title + reasons.map((reason) => `  - ${code(reason)}\n`).join(""),
  };
}

function errorEntry(image: ImageReport, error: NonNullable<ImageReport["error"]>): Entry {
  const isAll = image.guests.length === 0;
  const what = isAll ? "could not be read" : "another guest could not be read";
  const hint = error.hint === null ? "" : `  - ${code(error.hint)}\n`;
  return {
    rank: "error",
    row: row(["error", nameImage(image), what, "-", "-", "-"]),
    reasons: `- error: ${nameImage(image)}\n  - ${code(`${error.message} [${error.code}]`)}\n${hint}`,
  };
}

function emptyEntry(image: ImageReport): Entry {
  const contents = [...new Set(image.volumes.map(({ fileSystem }) => fileSystem))];
  const what = contents.length === 0 ? "no guest found" : `no guest found in ${code(contents.join(", "))}`;
  return { rank: "no-guest", row: row(["-", nameImage(image), what, "-", "-", "-"]), reasons: "" };
}

function nameImage({ path, role }: ImageReport): string {
  return role === "parent" ? `${code(path)} (parent)` : code(path);
}
