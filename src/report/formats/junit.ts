// SPDX-License-Identifier: MIT
import type { GateCondition, ImageReport, StreamedReport } from "../../audit/index.ts";
import { makeVisible, shownSentence } from "../visible-text.ts";
import { casesOf, type TestCase } from "./junit-cases.ts";

/** What makes a test fail. */
export interface JunitOptions {
  /** What is a failure; left out, `outdated` and `missing` are. */
  readonly forbidden?: ReadonlySet<GateCondition>;
}

const FORBIDDEN: ReadonlySet<GateCondition> = new Set(["outdated", "missing"]);

/**
 * Jenkins makes package and class of it, split at the last dot, and GitLab the name of the suite. It is no path, whose
 * own dots would be split at.
 */
const CLASS_NAME = "vmguest.audit";

/**
 * The audit as a test report that build servers show: a suite for each image, with a case for the image itself and one
 * for each of its guests. The names of cases are made of the image's path and the guest's place in it and tell one case
 * from another, so that a server can follow each through its builds.
 *
 * Elements and attributes are those that the Jenkins xUnit plugin's schema has (junit-10.xsd).
 */
export function* formatJunit(
  report: StreamedReport,
  { forbidden = FORBIDDEN }: JunitOptions = {},
): Generator<string> {
  const total = new CaseCounts();
  for (const image of report.images) total.addAll(casesOf(image, forbidden));
  const { tests, failures, errors } = total;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n`;
  yield `<testsuites${attributes({ name: "vmguest audit", tests, failures, errors, time: 0 })}>\n`;
  for (const image of report.images) yield formatSuite(report, image, casesOf(image, forbidden));
  yield "</testsuites>\n";
}

class CaseCounts {
  tests = 0;
  failures = 0;
  errors = 0;
  skipped = 0;

  addAll(cases: readonly TestCase[]): void {
    for (const { result } of cases) {
      this.tests++;
      if (result?.element === "failure") this.failures++;
      if (result?.element === "error") this.errors++;
      if (result?.element === "skipped") this.skipped++;
    }
  }
}

function formatSuite(
  { host, timestamp }: StreamedReport,
  image: ImageReport,
  cases: readonly TestCase[],
): string {
  const counts = new CaseCounts();
  counts.addAll(cases);
  const { tests, failures, errors, skipped } = counts;
  const when = timestamp === undefined ? {} : { timestamp };
  const suite = { name: image.path, tests, failures, errors, skipped, time: 0, ...when };
  return [
    `  <testsuite${attributes(suite)}>\n`,
    "    <properties>\n",
    `      <property${attributes({ name: "host", value: host.id })}/>\n`,
    `      <property${attributes({ name: "role", value: image.role })}/>\n`,
    "    </properties>\n",
    ...cases.map(formatCase),
    "  </testsuite>\n",
  ].join("");
}

function formatCase({ name, result, outputOf }: TestCase): string {
  const head = `    <testcase${attributes({ classname: CLASS_NAME, name, time: 0 })}`;
  const output = outputOf();
  if (result === null && output.length === 0) return `${head}/>\n`;
  return [
    `${head}>\n`,
    result === null ? "" : `      ${formatResult(result)}\n`,
    output.length === 0 ? "" : `      <system-out>${textOf(output)}</system-out>\n`,
    "    </testcase>\n",
  ].join("");
}

function formatResult({ element, type, message, details }: NonNullable<TestCase["result"]>): string {
  const head = `<${element}${attributes({ type, message: shownSentence(message) })}`;
  return details.length === 0 ? `${head}/>` : `${head}>${textOf(details)}</${element}>`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(makeVisible(String(value)))}"`)
    .join("");
}

/** Lines, each visible and of a bounded length. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => escapeXml(shownSentence(line))).join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** For visible text: of what XML 1.0 forbids (section 2.2), nothing is left in it. */
function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}
