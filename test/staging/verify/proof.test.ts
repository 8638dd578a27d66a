import { expect, test } from "vitest";
import { layDisk, prove, STAGING, stageOn } from "./bench.ts";

test("what was staged as planned is proved, however much is compared", () => {
  const stage = stageOn(layDisk(), STAGING);
  const proof = prove(stage);
  expect(prove(stage, { thorough: true })).toEqual(proof);
  expect(proof).toMatchObject({ changedPages: expect.any(Number) });
});
