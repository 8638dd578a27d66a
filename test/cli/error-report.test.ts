import { expect, test } from "vitest";
import { toErrorReport, toFindingReport } from "../../src/cli/error-report.ts";
import { exitCodeOfReport } from "../../src/cli/exit-codes.ts";
import { finding, VmguestError } from "../../src/errors.ts";

test("an error is told with its place, which the file goes before", () => {
  const error = new VmguestError("CAB_CHECKSUM", "a message", {
    path: "a/b",
    structure: "CFDATA 1",
    offset: 16,
  });
  expect(toErrorReport(error, "x.cab")).toEqual({
    code: "CAB_CHECKSUM",
    kind: "corrupt",
    message: "a message",
    where: "x.cab: a/b: CFDATA 1 at 0x10",
    hint: error.hint,
  });
});

test("what is no error of ours to tell is a mistake of ours, and ends with 5", () => {
  const report = toErrorReport(new TypeError("x is not a function"), "x.cab");
  expect(report).toMatchObject({
    code: "INTERNAL",
    message: "TypeError: x is not a function",
    where: "x.cab",
  });
  expect(exitCodeOfReport(report)).toBe(5);
});

test("a finding that names a file of its own keeps it", () => {
  const found = finding("CAB_GAP", "a message", { image: "other.cab" });
  expect(toFindingReport(found, "x.cab")).toEqual({
    code: "CAB_GAP",
    severity: "info",
    message: "a message",
    where: "other.cab",
  });
});
