// SPDX-License-Identifier: MIT
import type { ProofReport, StageReport } from "../staging/index.ts";
import { labelled } from "./labelled.ts";
import { paintWith, type Style } from "./paint.ts";
import { formatPlanDetails } from "./plan.ts";
import { describeBytes, describeNextStart, describeTarget, writeCommand } from "./plan-words.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

export interface StageTextOptions extends TableOptions {
  /** Lists the plan too; not where the reader has just seen and confirmed it. */
  readonly showsPlan: boolean;
}

const OUTCOMES: Readonly<Record<StageReport["outcome"], readonly [words: string, style: Style]>> = {
  ready: ["not written", "yellow"],
  staged: ["written, read again and compared", "green"],
  "nothing-to-do": ["nothing to do", "green"],
  refused: ["refused, nothing was written", "red"],
  "rolled-back": ["stopped, all that had been written was taken back", "yellow"],
  failed: ["failed", "red"],
};

/** What became of one image, for people: what was done, how to take it back, and what the guest does next. */
export function formatStage(report: StageReport, options: StageTextOptions): string {
  const paint = paintWith(options.colour);
  const { image, outcome, plan, error } = report;
  const [words, style] = OUTCOMES[outcome];
  const code = error === null ? "" : ` [${error.code}]`;
  const lines = [
    `${paint("bold", makeVisible(image))}: ${paint(style, words + code)}`,
    ...(plan === null || !options.showsPlan
      ? []
      : [...formatPlanDetails(plan, options, outcome === "staged"), ""]),
    ...(outcome === "staged" ? describeDone(report, options.width) : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function describeDone(report: StageReport, width: number): string[] {
  const { image, plan, target, undoFile, proof } = report;
  const written = target?.path ?? image;
  const trigger = plan?.trigger ?? null;
  const afterwards = `Once it has run, shut it down: ${writeCommand(["vmguest", "audit", written])} tells what came of it.`;
  return labelled(
    [
      ["written to", target === null ? null : describeTarget(target, image)],
      ["written", plan?.writes ? `${describeBytes(plan.writes.bytes)} in ${plan.writes.steps} steps` : null],
      ["compared", proof === null ? null : describeProof(proof)],
      ["undo file", undoFile],
      ["take back", describeWayBack(report)],
      ["next", trigger === null ? null : ["Start the VM.", ...describeNextStart(trigger), afterwards]],
    ],
    width,
  );
}

function describeWayBack({ image, target, undoFile }: StageReport): string | null {
  if (undoFile !== null) {
    const command = writeCommand(["vmguest", "rollback", target?.path ?? image]);
    return `${command}, as long as the VM has not been started; keep the undo file until then`;
  }
  if (target === null || target.kind === "in-place") return null;
  return `delete ${makeVisible(target.path)}; ${makeVisible(image)} is as it was`;
}

function describeProof({ changedPages, records, hives, knownFindings }: ProofReport): string[] {
  const hiveWords = hives.map(({ path, cells }) => `${shownSentence(path)}: ${cells} cells`);
  const known = [...new Set(knownFindings)].join(", ");
  const files = records.length === 0 ? "" : ` and ${records.length} records of files and folders`;
  return [
    `${changedPages} pages of the disk${files} changed, as planned and nothing else`,
    ...hiveWords,
    ...(known === "" ? [] : [`a check finds what it found before as well: ${known}`]),
  ];
}
