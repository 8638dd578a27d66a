import { expect, test } from "vitest";
import { CODES, type Code, finding } from "../../../src/errors.ts";
import { canBeAllowed, PRECONDITIONS } from "../../../src/staging/preconditions/index.ts";
import { sortOut } from "../../../src/staging/preconditions/sort-out.ts";

const ROWS = Object.entries(PRECONDITIONS) as [Code, NonNullable<(typeof PRECONDITIONS)[Code]>][];

test("only what can lose nothing can be allowed", () => {
  expect(ROWS.map(([code]) => code).filter(canBeAllowed)).toEqual([
    "STAGE_DIFFERENCING",
    "STAGE_SPACE",
    "SERVICING_PENDING",
  ]);
});

test.each(ROWS)("%s is sorted by its row, whether it is allowed or not", (code, { outcome }) => {
  const found = finding(code, "it is so");
  const isRefused = outcome === "refuses";
  expect(sortOut([found], new Set()).refusals).toEqual(isRefused ? [found] : []);
  expect(sortOut([found], new Set()).warnings).toEqual(isRefused ? [] : [found]);
  const isKept = isRefused && !canBeAllowed(code);
  expect(sortOut([found], new Set([code])).refusals).toEqual(isKept ? [found] : []);
});

test("a refusal tells its cure", () => {
  const silent = ROWS.filter(([code, { outcome }]) => outcome === "refuses" && !("hint" in CODES[code])).map(
    ([code]) => code,
  );
  expect(silent).toEqual([]);
});

test("a code that no row is for refuses, and the same reason is given once", () => {
  const found = finding("NTFS_INDEX", "a directory index is damaged");
  expect(sortOut([found, found], new Set(["NTFS_INDEX"])).refusals).toEqual([found]);
});
