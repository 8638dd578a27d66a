// SPDX-License-Identifier: MIT
import { CODES, type CodeEntry } from "../errors.ts";
import type { ChangeReport, PlanReport, RefusalReport } from "../staging/index.ts";
import { cell, formatColumns, indentText, type Row } from "./columns.ts";
import { formatImageFindings } from "./findings.ts";
import { describeOs } from "./guest-words.ts";
import { labelled } from "./labelled.ts";
import { type Paint, paintWith, type Style } from "./paint.ts";
import { describeBytes, describeNextStart, describePlace, describeVerb } from "./plan-words.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName, shownSentence } from "./visible-text.ts";

export interface PlanTextOptions extends TableOptions {
  /** The command line that does what is planned, for the last line. */
  readonly nextCommand?: string;
}

const OUTCOMES: Readonly<Record<PlanReport["outcome"], readonly [words: string, style: Style]>> = {
  ready: ["ready, nothing has been written", "green"],
  "nothing-to-do": ["nothing to do", "green"],
  refused: ["refused, the image must not be written to as it is", "red"],
  failed: ["no plan could be made", "red"],
};

/** A plan for people: the guest, the package, what makes the guest install it, every change, and what speaks against it. */
export function formatPlan(plan: PlanReport, options: PlanTextOptions): string {
  const paint = paintWith(options.colour);
  const [words, style] = OUTCOMES[plan.outcome];
  const code = plan.error === null ? "" : ` [${plan.error.code}]`;
  const lines = [
    `${paint("bold", makeVisible(plan.image))}: ${paint(style, words + code)}`,
    ...formatPlanDetails(plan, options),
    ...(plan.outcome !== "ready" || options.nextCommand === undefined
      ? []
      : ["", paint("bold", "TO DO IT"), `  ${options.nextCommand}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** All but the line that says what came of it; of a plan that is carried out, without what its report says better. */
export function formatPlanDetails(
  plan: PlanReport,
  { colour, width }: TableOptions,
  isDone = false,
): string[] {
  const paint = paintWith(colour);
  return [
    ...labelled(
      [
        ["guest", describeGuest(plan)],
        ["host", isOfServices(plan) ? null : describeHost(plan)],
        ["verdict", isOfServices(plan) || plan.guest === null ? null : describeVerdict(plan.guest)],
        ["because", plan.reasons],
        ["package", describePackage(plan)],
        ["trigger", describeTrigger(plan)],
        ["then", plan.trigger === null || isDone ? null : describeNextStart(plan.trigger)],
        ["writes", isDone ? null : describeWrites(plan)],
      ],
      width,
    ),
    ...section("CHANGES, in this order", formatChanges(plan.changes, width, paint), paint),
    ...section("REFUSED", formatRefusals(plan.refusals, plan.image, width, paint), paint),
    ...section(
      "TO KNOW",
      formatImageFindings({ path: plan.image, findings: plan.warnings }, width, paint),
      paint,
    ),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ["", paint("bold", title), ...lines];
}

function describeGuest({ guest }: PlanReport): string | null {
  if (guest === null) return null;
  const { hostname } = guest.os;
  const name = hostname === null ? "" : `${shownName(hostname)}, `;
  const place = `volume ${guest.volume}, ${shownName(guest.systemRoot)}`;
  return `${describeOs(guest)} (${name}${place}), ${guest.setupState}`;
}

/** Services are edited whatever the host and the version: a verdict on them would be taken for a reason. */
function isOfServices({ package: chosen, trigger, reasons, guest }: PlanReport): boolean {
  return guest !== null && chosen === null && trigger === null && reasons.length === 0;
}

function describeHost({ host }: PlanReport): string {
  return `${host.id}${host.extrapolated ? " (judged as the newest that has a table)" : ""}`;
}

function describeVerdict({ verdict, staging }: NonNullable<PlanReport["guest"]>): string[] {
  const earlier = staging === "none" ? [] : [`an earlier staging is ${staging}`];
  return [`${verdict.status}; action: ${verdict.action}`, ...earlier];
}

function describePackage({ package: chosen }: PlanReport): string[] {
  if (chosen === null) return [];
  const { place, version, identity, bytes, signature, trustRoot, sha256 } = chosen;
  const root = trustRoot === null ? "" : ` under ${trustRoot}, a root that --trust-root gave`;
  return [
    place.join("/"),
    `version ${version}, ${describeBytes(bytes)}, signature: ${signature}${root}`,
    `identity ${identity}`,
    `SHA-256 ${sha256}`,
  ];
}

function describeTrigger({ trigger }: PlanReport): string[] {
  if (trigger === null) return [];
  const chosen = trigger.considered.filter(({ isChosen }) => isChosen);
  const others = trigger.considered.filter(({ isChosen }) => !isChosen);
  return [
    trigger.id,
    ...chosen.map(({ reason }) => reason),
    ...others.map(({ trigger: id, reason }) => `not ${id}: ${reason}`),
  ];
}

function describeWrites({ writes }: PlanReport): string | null {
  if (writes === null) return null;
  const { bytes, growth, steps } = writes;
  const grown = growth === 0 ? "the file keeps its size" : `the file grows by ${describeBytes(growth)}`;
  return `${describeBytes(bytes)} in ${steps} steps, each on the disk before the next begins; ${grown}`;
}

const COLUMNS = [
  { header: "  STAGE" },
  { header: "CHANGE" },
  { header: "WHERE", isFlexible: true },
  { header: "BYTES" },
] as const;

const NOTE_INDENT = 4;

function formatChanges(changes: readonly ChangeReport[], width: number, paint: Paint): string[] {
  if (changes.length === 0) return [];
  const rows: Row[] = changes.map((change) => ({
    cells: [
      cell(`  ${change.stage}`),
      cell(describeVerb(change)),
      cell(describePlace(change)),
      cell(change.kind === "create-directory" || change.kind === "create-key" ? "" : String(change.bytes)),
    ],
    notes: [shownSentence(change.reason)],
  }));
  return formatColumns(COLUMNS, rows, { paint, width, noteIndent: NOTE_INDENT }).trimEnd().split("\n");
}

const REFUSAL_INDENT = 2 + "refused".length + 2;

function formatRefusals(
  refusals: readonly RefusalReport[],
  image: string,
  width: number,
  paint: Paint,
): string[] {
  return refusals.flatMap(({ code, message, where, cure, canBeAllowed }) => {
    const place =
      where === image ? "" : where.startsWith(`${image}: `) ? where.slice(image.length + 2) : where;
    const meaning = (CODES as Readonly<Record<string, CodeEntry>>)[code]?.meaning;
    const said = [message === meaning ? "" : message, place === "" ? "" : `(${place})`].join(" ").trim();
    const [first = "", ...rest] = indentText(
      `${shownSentence(meaning ?? message)} [${code}]`,
      REFUSAL_INDENT,
      width,
    );
    return [
      `  ${paint("red", "refused")}${first.slice(2 + "refused".length)}`,
      ...rest,
      ...(said === "" ? [] : indentText(shownSentence(said), REFUSAL_INDENT, width, "- ")),
      ...(cure === null ? [] : indentText(shownSentence(cure), REFUSAL_INDENT, width)),
      ...(canBeAllowed
        ? indentText(
            `If you know better: --allow ${code} has it written to all the same.`,
            REFUSAL_INDENT,
            width,
          )
        : []),
    ];
  });
}
