// SPDX-License-Identifier: MIT
import type { DiffReport } from "../audit/stored/index.ts";
import { counted } from "./count-words.ts";
import {
  type ChangeWords,
  type DiffGroup,
  describeBases,
  describeSide,
  describeSummary,
  diffSections,
} from "./diff-words.ts";
import { code } from "./formats/markdown-text.ts";

/** How much the text may list. */
export interface DiffMarkdownOptions {
  /** Characters after which nothing more is listed; left out, what GitHub takes as the summary of a step. */
  readonly lengthMax?: number;
}

/** GitHub takes 1 MiB as the summary of a step; characters beyond ASCII take up to three bytes of it. */
const LENGTH_MAX = 340_000;

/** What changed as GitHub-flavoured Markdown, worst first; how much there was no room for is said. */
export function* formatDiffMarkdown(
  report: DiffReport,
  { lengthMax = LENGTH_MAX }: DiffMarkdownOptions = {},
): Generator<string> {
  yield `## What changed\n\n${describeSummary(report)}\n\n`;
  for (const [name, side] of [["Before", report.before] as const, ["After", report.after] as const]) {
    yield `- ${name}: ${code(side.report)}, ${asMarkdown(describeSide(side))}\n`;
  }
  for (const sentence of describeBases(report)) yield `\n**${sentence}**\n`;
  let room = lengthMax;
  for (const { title, groups, imageCount } of diffSections(report)) {
    yield `\n### ${title} (${counted(imageCount, "image")})\n\n`;
    let left = imageCount;
    for (const group of groups) {
      const text = formatGroup(group);
      if (text.length > room) break;
      room -= text.length;
      left -= group.paths.length;
      yield text;
    }
    if (left > 0)
      yield `\n**There is no room for ${counted(left, "more image")}.** The format json has them all.\n`;
  }
}

/** After a rollout, thousands of images changed alike: their paths must not take the room of what changed. */
const PATHS_OF_ONE_GROUP_MAX = 100;

function formatGroup({ paths, changes }: DiffGroup): string {
  const shown = paths.slice(0, PATHS_OF_ONE_GROUP_MAX);
  const more = paths.length - shown.length;
  const names = `${shown.map(code).join(", ")}${more === 0 ? "" : ` and ${counted(more, "more image")}`}`;
  const items = changes.map(
    ({ judgement, pieces }) =>
      `  - ${judgement === "neutral" ? "" : `**${judgement}** `}${asMarkdown(pieces)}\n`,
  );
  return `- ${names}\n${items.join("")}`;
}

function asMarkdown(pieces: ChangeWords["pieces"]): string {
  return pieces
    .map((piece) => (typeof piece === "string" ? piece.replace("->", "→") : code(piece.foreign)))
    .join("");
}
