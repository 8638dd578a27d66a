// SPDX-License-Identifier: MIT
import {
  type ErrorReport,
  type FindingReport,
  type GateCondition,
  type GuestOutcome,
  type GuestReport,
  type ImageReport,
  outcomeOf,
  violationsOfGuest,
  violationsOfImage,
} from "../../audit/index.ts";
import { describeMachine, describeOs } from "../guest-words.ts";

/** What a build server counts and follows: an image that is to be read, or a guest that is to be as the gate wants it. */
export interface TestCase {
  /** Differs from all others of the report; the same in the next one. */
  readonly name: string;
  /** Null where it passed. */
  readonly result: CaseResult | null;
  /** What it rests on, for whoever looks; asked for when it is written. */
  readonly outputOf: () => readonly string[];
}

export interface CaseResult {
  readonly element: "failure" | "error" | "skipped";
  readonly type: string;
  readonly message: string;
  readonly details: readonly string[];
}

/** The image's own case, then one for each guest. */
export function casesOf(image: ImageReport, forbidden: ReadonlySet<GateCondition>): TestCase[] {
  const outcome = outcomeOf(image);
  const violations = violationsOfImage(outcome, forbidden);
  return [
    {
      name: image.path,
      result: judgeImage(image, violations),
      outputOf: () => image.findings.map(describeFinding),
    },
    ...image.guests.map((guest, index): TestCase => {
      const result = judgeGuest(guest, outcome.guests[index], forbidden);
      const isSaid = result?.element === "failure";
      return {
        name: nameGuest(image, guest, index),
        result,
        outputOf: () => [...(isSaid ? [] : describeVerdict(guest)), ...describeEvidence(guest)],
      };
    }),
  ];
}

/** A guest's place rather than its name: it stays when the guest is renamed, and is never the same twice. */
function nameGuest(
  { path, guests }: ImageReport,
  { volume, systemRoot }: GuestReport,
  index: number,
): string {
  const isSame = (other: GuestReport) =>
    other.volume.index === volume.index && other.systemRoot === systemRoot;
  const place = `${path}: volume ${volume.index}${systemRoot === null ? "" : `, ${systemRoot}`}`;
  return guests.findIndex(isSame) === index ? place : `${place}, guest ${index}`;
}

const NO_GUEST = "no guest was found in the image";

function judgeImage(image: ImageReport, violations: readonly GateCondition[]): CaseResult | null {
  const { error, findings, guests } = image;
  if (error !== null) return judgeError(error);
  if (violations.length > 0) {
    const bad = findings.filter(({ severity }) => violations.some((condition) => condition === severity));
    const what = violations.includes("no-guest") ? [NO_GUEST] : [];
    const codes = [...new Set(bad.map(({ code }) => code))];
    const message = `${violations.join(", ")}: ${[...what, ...codes].join(", ")}`;
    return { element: "failure", type: violations.join(","), message, details: bad.map(describeFinding) };
  }
  if (guests.length > 0) return null;
  return { element: "skipped", type: "no-guest", message: NO_GUEST, details: [] };
}

function judgeError({ code, message, where, hint }: ErrorReport): CaseResult {
  const details = [`${where} [${code}]`, ...(hint === null ? [] : [hint])];
  return { element: "error", type: code, message, details };
}

function judgeGuest(
  guest: GuestReport,
  outcome: GuestOutcome | undefined,
  forbidden: ReadonlySet<GateCondition>,
): CaseResult | null {
  const violations = outcome === undefined ? [] : violationsOfGuest(outcome, forbidden);
  const { status, reasons } = guest.verdict;
  const [reason = ""] = reasons;
  if (violations.length > 0) {
    const message = `${violations.join(", ")}: ${describeOs(guest)}, ${describeMachine(guest)}: ${reason}`;
    return { element: "failure", type: violations.join(","), message, details: describeVerdict(guest) };
  }
  if (status !== "unknown") return null;
  return { element: "skipped", type: status, message: `${status}: ${reason}`, details: [] };
}

function describeVerdict({ verdict, staging }: GuestReport): string[] {
  const { status, action, package: name, reasons } = verdict;
  const isToDo = action !== "none" && name !== null;
  return [
    `status: ${status}; to do: ${action}${isToDo ? `, ${name}` : ""}`,
    ...reasons,
    ...(staging.state === "none" ? [] : [`staged update: ${staging.state}: ${staging.detail}`]),
  ];
}

function describeEvidence(guest: GuestReport): string[] {
  const { version, source, evidence } = guest.integrationServices;
  return [
    `guest: ${describeOs(guest)}, ${describeMachine(guest)}`,
    `integration services: ${version ?? "no version found"} (${source})`,
    ...evidence.map((piece) => `${piece.source} ${piece.value}: ${piece.where}`),
  ];
}

function describeFinding({ severity, code, message, where }: FindingReport): string {
  return `${severity}: ${message} (${where}) [${code}]`;
}
