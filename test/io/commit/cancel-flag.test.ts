import { expect, test } from "vitest";
import { CancelFlag } from "../../../src/io/commit/index.ts";

test("a flag is set for all that share it, and for good", () => {
  const flag = new CancelFlag();
  const other = new CancelFlag(flag.shared);
  const { isCancelled } = other;
  expect([flag.isCancelled(), isCancelled()]).toEqual([false, false]);
  flag.cancel();
  flag.cancel();
  expect([flag.isCancelled(), isCancelled(), new CancelFlag().isCancelled()]).toEqual([true, true, false]);
});
