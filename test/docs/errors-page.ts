import { CODES, type CodeEntry } from "../../src/errors.ts";

/** The text of docs/errors.md, from the table of codes. */
export function errorsPage(): string {
  const rows = Object.entries<CodeEntry>(CODES)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { kind, severity, meaning, hint }]) =>
        `| \`${code}\` | ${kind} | ${severity} | ${meaning} | ${hint ?? ""} |`,
    );
  return [
    "# Codes",
    "",
    "Every error and every finding has a code. Codes are part of the public interface: none is renamed or given",
    "another meaning. *Kind* tells the exit code where it is thrown: usage 2, unsafe 4, the others 3. *Severity* is",
    "what it has as a finding in a report. This page is generated from `src/codes.ts` (`npm run docs`).",
    "",
    "| Code | Kind | Severity | Meaning | What to do |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
