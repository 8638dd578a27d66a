import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatVersion, parseVersion } from "../../src/guest/version.ts";
import type { VersionFound } from "../../src/guest/windows/ic-evidence.ts";
import { judgeVersion, type VersionSources } from "../../src/guest/windows/ic-judgement.ts";
import { NO_PLACE } from "../lab/place.ts";

/** The sources in shorthand: versions only, each found where its name says. */
interface Case {
  readonly nt?: string;
  readonly record?: string;
  readonly devices?: readonly string[];
  readonly files?: readonly string[];
  readonly unreadable?: number;
  readonly offered?: string;
  readonly inBox?: string;
}

const found = (text: string, where: string): VersionFound => ({
  where,
  place: NO_PLACE,
  version: parseVersion(text) ?? expect.fail(`${text} is no version`),
});

function sourcesOf({
  nt = "6.3",
  record,
  devices = [],
  files = [],
  unreadable = 0,
  offered,
  inBox,
}: Case): VersionSources {
  return {
    ntVersion: nt,
    record: record === undefined ? undefined : { where: "record", place: NO_PLACE, text: record },
    devices: devices.map((text, index) => found(text, `device ${index}`)),
    files: { found: files.map((text, index) => found(text, `file ${index}`)), unreadableCount: unreadable },
    packages: {
      offered: offered === undefined ? undefined : found(offered, "offered"),
      inBox: inBox === undefined ? undefined : found(inBox, "in-box"),
    },
  };
}

function judge(shorthand: Case) {
  const { version, judged, source, consistent, findings } = judgeVersion(sourcesOf(shorthand));
  return {
    version: version === undefined ? null : formatVersion(version),
    judged: judged === undefined ? null : formatVersion(judged),
    source,
    consistent,
    codes: findings.map(({ code }) => code),
  };
}

const V7 = "6.1.7601.17514";
const RTM = "6.3.9600.16384";
const OLD = "6.3.9600.18692";
const NEW = "6.3.9600.19456";

describe("the version is that of the highest rank", () => {
  test.each<[title: string, of: Case, version: string | null, source: string]>([
    ["all four", { record: NEW, devices: [NEW], files: [NEW], offered: NEW, inBox: RTM }, NEW, "recorded"],
    ["devices and below", { devices: [NEW], files: [NEW], offered: NEW }, NEW, "computed"],
    ["files and below", { files: [NEW, NEW], offered: NEW, inBox: RTM }, NEW, "driver-file"],
    ["files of several updates: the oldest", { files: [OLD, RTM, NEW] }, RTM, "driver-file"],
    ["packages alone: the offered one", { offered: NEW, inBox: RTM, unreadable: 1 }, NEW, "package"],
    ["nothing", {}, null, "none"],
    ["an empty record and nothing else", { record: "" }, null, "none"],
    ["a record that is no version", { record: "banana", files: [NEW] }, NEW, "driver-file"],
  ])("of %s", (_title, of, version, source) => {
    expect(judge(of)).toEqual({ version, judged: version, source, consistent: true, codes: [] });
  });
});

test("the in-box package alone is a lower bound, which is reported and not judged by", () => {
  for (const unreadable of [0, 3]) {
    expect(judge({ inBox: RTM, unreadable })).toEqual({
      version: RTM,
      judged: null,
      source: "package",
      consistent: true,
      codes: [],
    });
  }
});

describe("sources agree", () => {
  test.each<[title: string, of: Case]>([
    [
      "a record of Windows 10 from before an update",
      { nt: "10.0", record: "10.0.14393.0", devices: ["10.0.14393.9"] },
    ],
    [
      "drivers of Windows 8.1 that its updates replaced one by one",
      { devices: [RTM, OLD], files: [RTM, OLD, NEW] },
    ],
    [
      "drivers of Windows 10 with revisions of their own",
      { nt: "10.0", files: ["10.0.19041.1", "10.0.19041.3636"] },
    ],
    [
      "a record of Windows 10 with another revision",
      { nt: "10.0", record: "10.0.14393.0", devices: ["10.0.14393.0"], files: ["10.0.14393.2007"] },
    ],
    [
      "drivers newer than the package, which an update of 8.1 brought",
      { devices: [NEW], files: [NEW], offered: OLD },
    ],
    [
      "a package and its drivers in an older Windows",
      { nt: "6.1", devices: [NEW], files: [NEW], offered: NEW, inBox: V7 },
    ],
    [
      "Server 2008 before and after its build was raised",
      { nt: "6.0", files: ["6.0.6002.18005", "6.0.6003.20000"] },
    ],
    ["a package whose drivers cannot be read", { offered: NEW, unreadable: 3 }],
  ])("where there are %s", (_title, of) => {
    expect(judge(of)).toMatchObject({ consistent: true, codes: [] });
  });
});

describe("a set that disagrees is half installed and judged by its oldest part", () => {
  test.each<[title: string, of: Case, judged: string | null]>([
    ["files of a package in an older Windows", { nt: "6.1", files: [OLD, NEW] }, OLD],
    ["devices and files of a package in an older Windows", { nt: "6.2", devices: [OLD], files: [NEW] }, OLD],
    ["old drivers beside those of a package", { nt: "6.1", devices: [V7, NEW], files: [NEW] }, V7],
    ["devices newer than files", { nt: "6.1", devices: [NEW], files: [V7] }, V7],
    ["one device that lags behind the package", { devices: [RTM, OLD], files: [OLD], offered: OLD }, RTM],
    ["a package of which no driver is there", { nt: "6.1", offered: NEW }, NEW],
    ["drivers older than the package", { nt: "6.1", files: [V7], offered: NEW }, V7],
    ["drivers of no installed package in an older Windows", { nt: "6.1", files: [NEW], offered: OLD }, NEW],
    [
      "drivers of two releases of Windows 10",
      { nt: "10.0", files: ["10.0.14393.0", "10.0.17763.1"] },
      "10.0.14393.0",
    ],
  ])("%s", (_title, of, judged) => {
    expect(judge(of)).toMatchObject({ judged, consistent: false, codes: ["IC_INCONSISTENT"] });
  });
});

describe("a record that disagrees with the drivers is stale and not judged by", () => {
  test.each<[title: string, of: Case, judged: string]>([
    ["with the devices", { record: OLD, devices: [NEW], files: [NEW] }, NEW],
    ["with the devices by a revision", { record: NEW, devices: [RTM], files: [RTM] }, RTM],
    ["with the files of another release", { record: V7, files: [NEW] }, NEW],
    ["with files in an older Windows", { nt: "6.1", record: OLD, files: [NEW] }, NEW],
    ["by being empty", { record: "", devices: [NEW], files: [NEW] }, NEW],
    [
      "with another release of Windows 10",
      { nt: "10.0", record: "10.0.10240.0", devices: ["10.0.14393.0"] },
      "10.0.14393.0",
    ],
  ])("%s", (_title, of, judged) => {
    const { record } = of;
    expect(judge(of)).toEqual({
      version: record === "" ? judged : record,
      source: record === "" ? "computed" : "recorded",
      judged,
      consistent: false,
      codes: ["IC_RECORD_STALE"],
    });
  });

  test("and a half installed set is said as well", () => {
    const of: Case = {
      nt: "6.1",
      record: "6.3.9600.18080",
      devices: [V7],
      files: [V7],
      offered: "6.3.9600.18080",
    };
    expect(judge(of)).toMatchObject({ judged: V7, codes: ["IC_INCONSISTENT", "IC_RECORD_STALE"] });
  });
});

const isLowerBound = ({ record = "", devices = [], files = [], offered }: Case) =>
  parseVersion(record) === undefined && devices.length + files.length === 0 && offered === undefined;

test("whatever is found, a version has a source, a source a version, and only findings make it inconsistent", () => {
  const version = fc.constantFrom(V7, RTM, OLD, NEW, "10.0.14393.0");
  const versions = fc.array(version, { maxLength: 4 });
  const cases = fc.record(
    {
      nt: fc.constantFrom("5.1", "6.0", "6.1", "6.2", "6.3", "10.0"),
      record: fc.oneof(version, fc.constantFrom("", " ", "banana")),
      devices: versions,
      files: versions,
      unreadable: fc.nat(2),
      offered: version,
      inBox: version,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(cases, (of) => {
      const judged = judge({ ...of, devices: of.devices?.toSorted() ?? [] });
      expect(judged.version === null).toBe(judged.source === "none");
      expect(judged.judged === null).toBe(judged.version === null || isLowerBound(of));
      expect(judged.consistent).toBe(judged.codes.length === 0);
    }),
  );
});
