import { describe, expect, test } from "vitest";
import type { CheckReport } from "../../../src/audit/check/index.ts";
import type { FindingReport } from "../../../src/audit/index.ts";
import { checkNothingNew } from "../../../src/staging/verify/index.ts";
import { caught } from "./bench.ts";

const found = (code: FindingReport["code"], where: string): FindingReport => ({
  code,
  severity: "warning",
  message: "is wrong",
  where,
});

/** The report of a check with these findings in one part, and `omitted` more that are not listed. */
const report = (findings: FindingReport[], omitted = 0): CheckReport => ({
  schema: "vmguest.check/1",
  image: "image",
  parts: [
    {
      layer: "container",
      name: "image file",
      counts: { error: 0, warning: 0, info: 0 },
      findings: [],
      omitted: 0,
    },
    {
      layer: "file-system",
      name: "volume 1",
      counts: { error: 0, warning: findings.length + omitted, info: 0 },
      findings,
      omitted,
    },
  ],
  summary: { parts: 2, error: 0, warning: findings.length + omitted, info: 0 },
  error: null,
});

const LINKS = found("NTFS_LINK_COUNT", "FILE record 30");
const ORDER = found("NTFS_INDEX_ORDER", "FILE record 31");

test("where the result has no findings, the image before is not checked at all", () => {
  const never = () => {
    throw new Error("was checked");
  };
  expect(checkNothingNew(never, report([]))).toEqual([]);
});

test("findings that were there before are known, and only the parts that have them are checked", () => {
  const asked: string[][] = [];
  const before = (only: ReadonlySet<string>) => {
    asked.push([...only]);
    return report([LINKS, ORDER, ORDER]);
  };
  expect(checkNothingNew(before, report([ORDER, LINKS]))).toEqual(["NTFS_INDEX_ORDER", "NTFS_LINK_COUNT"]);
  expect(asked).toEqual([["volume 1"]]);
});

describe("in an image file that grows", () => {
  const footer = (...places: string[]): CheckReport => {
    const findings = places.map((place) => found("VHD_GEOMETRY", `a.vhd: VHD footer at ${place}`));
    const { parts, ...rest } = report([]);
    return { ...rest, parts: parts.map((part, index) => (index === 0 ? { ...part, findings } : part)) };
  };

  test("what was found in a structure that moved is known", () => {
    expect(checkNothingNew(() => footer("0x2038"), footer("0x4038"))).toEqual(["VHD_GEOMETRY"]);
  });

  test("what is found in one more of them is new", () => {
    const { code } = caught(() => checkNothingNew(() => footer("0x2038"), footer("0x2038", "0x4038")));
    expect(code).toBe("STAGE_CHECK_NEW_FINDING");
  });
});

test.each([
  { what: "another code", before: report([LINKS]), after: report([LINKS, ORDER]) },
  { what: "another place", before: report([LINKS]), after: report([{ ...LINKS, where: "FILE record 40" }]) },
  { what: "one more in the same place", before: report([LINKS]), after: report([LINKS, LINKS]) },
  { what: "more that are not listed", before: report([LINKS], 3), after: report([LINKS], 4) },
  {
    what: "an end to the check",
    before: report([]),
    after: {
      ...report([]),
      error: { code: "NTFS_BOOT", kind: "corrupt", message: "is no NTFS", where: "volume 1", hint: null },
    } as CheckReport,
  },
])("$what is new", ({ before, after }) => {
  expect(caught(() => checkNothingNew(() => before, after)).code).toBe("STAGE_CHECK_NEW_FINDING");
});
