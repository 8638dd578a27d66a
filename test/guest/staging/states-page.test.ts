import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RESULT_PHASES } from "../../../src/guest/index.ts";
import { judgeStaging, type StagingSigns } from "../../../src/guest/staging/judge-staging.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/staging-states.md"), "utf8");
const [, after = ""] = PAGE.split("| Package | Driver files |");
const ROWS = (after.split("\n\n")[0] ?? "")
  .split("\n")
  .slice(2)
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );

/** What the script can have said last, with what else the page names in that column. */
const WORDS: readonly (Pick<StagingSigns, "result" | "attemptCount" | "trigger"> & {
  readonly words: string[];
})[] = [
  { words: ["none"], result: undefined, attemptCount: 0, trigger: "armed" },
  { words: ["none, but an attempt was counted"], result: undefined, attemptCount: 1, trigger: "idle" },
  {
    words: ["aborted-safemode with the trigger armed"],
    result: { phase: "aborted-safemode", fields: new Map() },
    attemptCount: 1,
    trigger: "armed",
  },
  ...RESULT_PHASES.map((phase) => ({
    words: [phase],
    result: { phase, fields: new Map() },
    attemptCount: 1,
    trigger: "idle" as const,
  })),
];

const CASES = (["installed", "pending", "absent", "unreadable"] as const).flatMap((state) =>
  (["current", "older", "unknown"] as const).flatMap((drivers) =>
    [true, false].flatMap((isServicingPending) =>
      WORDS.map(({ words, ...said }) => ({
        cells: [state, drivers, isServicingPending ? "pending" : "idle", ...words],
        signs: { package: state, drivers, isServicingPending, ...said },
      })),
    ),
  ),
);

const fits = (cell: string, word: string) =>
  cell === "any" || cell === word || cell.split(/, (?!but)/).includes(word);

test.each(CASES)("the page of states says what is made of $cells", ({ cells, signs }) => {
  const row = ROWS.find((columns) => cells.every((word, index) => fits(columns[index] ?? "", word)));
  const { state, contradiction } = judgeStaging(signs);
  expect([state, contradiction === undefined ? "no" : "yes"]).toEqual(row?.slice(4));
});

test("every row of the page of states is needed", () => {
  const used = CASES.map(({ cells }) =>
    ROWS.findIndex((columns) => cells.every((word, index) => fits(columns[index] ?? "", word))),
  );
  expect(new Set(used).size).toBe(ROWS.length);
});
