// SPDX-License-Identifier: MIT
import type { RollbackReport } from "../staging/index.ts";
import { labelled } from "./labelled.ts";
import { paintWith, type Style } from "./paint.ts";
import { describeBytes } from "./plan-words.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible } from "./visible-text.ts";

const OUTCOMES: Readonly<Record<RollbackReport["outcome"], readonly [words: string, style: Style]>> = {
  "rolled-back": ["taken back, the image is bit for bit as it was before the change", "green"],
  finished: ["finished, the change is complete and can still be taken back", "green"],
  discarded: ["kept for good, the undo file is removed", "green"],
  "nothing-to-do": ["nothing to do, there is no undo file beside the image", "green"],
  failed: ["failed", "red"],
};

/** What became of a change, for people. */
export function formatRollback(report: RollbackReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const { image, outcome, undoFile, bytes, error } = report;
  const [words, style] = OUTCOMES[outcome];
  const code = error === null ? "" : ` [${error.code}]`;
  const lines = [
    `${paint("bold", makeVisible(image))}: ${paint(style, words + code)}`,
    ...labelled(
      [
        ["undo file", outcome === "failed" || outcome === "finished" ? undoFile : null],
        ["written", bytes === 0 ? null : describeBytes(bytes)],
      ],
      width,
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
