// SPDX-License-Identifier: MIT
import type { DiffReport, Judgement } from "../audit/stored/index.ts";
import { indentText } from "./columns.ts";
import { counted } from "./count-words.ts";
import {
  type ChangeWords,
  type DiffGroup,
  describeBases,
  describeSide,
  describeSummary,
  diffSections,
} from "./diff-words.ts";
import { type Paint, paintWith, type Style } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { wrapText } from "./text-width.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

/** Narrower than this the sentences become towers; the terminal wraps them then. */
const WIDTH_MIN = 40;

const STYLES: Readonly<Record<Judgement, Style>> = { worse: "red", better: "green", neutral: "dim" };

/** What changed, for a person: the worst first, images that changed alike together, each change with what it means. */
export function* formatDiff(report: DiffReport, options: TableOptions): Generator<string> {
  const width = Math.max(options.width, WIDTH_MIN);
  const paint = paintWith(options.colour);
  yield* linesOf(introduce(report).flatMap((sentence) => wrapText(sentence, width)));
  for (const { title, judgement, groups, imageCount } of diffSections(report)) {
    yield `\n${paint(judgement === "neutral" ? "bold" : STYLES[judgement], title.toUpperCase())} (${counted(imageCount, "image")})\n`;
    for (const group of groups) yield* linesOf(formatGroup(group, width, paint));
  }
  yield "\n";
  yield* linesOf(wrapText(describeSummary(report), width));
}

function introduce(report: DiffReport): string[] {
  const [before, after] = [report.before, report.after].map(
    (side) => `${makeVisible(side.report)} (${asText(describeSide(side))})`,
  );
  return [`From ${before} to ${after}.`, ...describeBases(report)];
}

const INDENT = 2;

/** The images of a group, a line each; below them, what changed in each of them. */
function formatGroup({ paths, changes }: DiffGroup, width: number, paint: Paint): string[] {
  return [
    ...paths.flatMap((path) => indentText(makeVisible(path), INDENT, width)),
    ...changes.flatMap((change) => formatChange(change, width, paint)),
  ];
}

/** As wide as the longest of the marks and a space. */
const MARK_WIDTH = "better ".length;

function formatChange({ judgement, pieces }: ChangeWords, width: number, paint: Paint): string[] {
  const mark = judgement === "neutral" ? "" : judgement;
  const [first = "", ...rest] = indentText(asText(pieces), 2 * INDENT + MARK_WIDTH, width);
  const head = " ".repeat(2 * INDENT) + paint(STYLES[judgement], mark) + " ".repeat(MARK_WIDTH - mark.length);
  return [head + first.trimStart(), ...rest];
}

function asText(pieces: ChangeWords["pieces"]): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : shownSentence(piece.foreign))).join("");
}

function* linesOf(lines: readonly string[]): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
