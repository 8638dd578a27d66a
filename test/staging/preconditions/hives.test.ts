import { expect, test } from "vitest";
import { baseBlockOf, buildHive, buildOldLog, crashed, seal } from "../../lab/hive.ts";
import { softwareTree } from "../../lab/windows/trees.ts";
import { mergeTrees, RELEASES } from "../../lab/windows.ts";
import { outcomeOf, targetOf } from "./targets.ts";

const HIVE = "System32/config/SOFTWARE";
const tree = softwareTree(RELEASES.ws2008r2);
const before = buildHive(tree);
const after = buildHive(mergeTrees(tree, { Microsoft: { Something: { Value: 1 } } }));

/** Marks a hive as one that takes part in transactions. */
function inTransactions(hive: Uint8Array): Uint8Array {
  const marked = hive.slice();
  baseBlockOf(marked).flags = 1;
  return seal(marked);
}

const brokenDown = (hive: Uint8Array) => ({
  [HIVE]: crashed(hive, 8),
  [`${HIVE}.LOG1`]: buildOldLog(hive, after),
});

test("a hive whose logs bring it up to date is told, and is no refusal", () => {
  expect(outcomeOf(targetOf({ windows: { files: brokenDown(before) } }))).toEqual({
    refusals: [],
    warnings: ["REGF_LOG_APPLIED"],
  });
});

test("a hive whose logs leave a doubt is refused", () => {
  const log = buildOldLog(before, after);
  const stale = baseBlockOf(log);
  stale.lastWritten += 1n;
  const files = { [HIVE]: crashed(before, 8), [`${HIVE}.LOG1`]: seal(log) };
  expect(outcomeOf(targetOf({ windows: { files } }))).toEqual({
    refusals: ["HIVE_EDIT_UNRECOVERED"],
    warnings: [],
  });
});

test("one that takes part in transactions may have some pending", () => {
  expect(outcomeOf(targetOf({ windows: { files: brokenDown(inTransactions(before)) } }))).toEqual({
    refusals: [],
    warnings: ["REGF_LOG_APPLIED", "STAGE_HIVE_TRANSACTIONS"],
  });
});

test("the mark of transactions alone says nothing: every hive of a Windows since Vista has it", () => {
  const files = { [HIVE]: inTransactions(before) };
  expect(outcomeOf(targetOf({ windows: { files } }))).toEqual({ refusals: [], warnings: [] });
});
