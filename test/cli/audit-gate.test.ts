import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type AuditOptions, GATE_CONDITIONS, type ImageReport } from "../../src/audit/index.ts";
import { brokenImage, guest, image } from "../report/reports.ts";
import { fakeBatch } from "./fake-batch.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-gate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const finding = (severity: "error" | "warning") => ({
  code: "NTFS_INDEX",
  severity,
  message: "a message",
  where: "",
});
const withError = (code: string, kind: "unsafe" | "corrupt"): ImageReport => ({
  ...brokenImage(),
  error: { code, kind, message: "a message", where: "", hint: null },
});
const CURRENT = { verdict: { status: "current" } } as const;

/** Images by name: the report of each, what a gate may say of it, and the exit code that it has without a gate. */
const IMAGES: Readonly<Record<string, { report: ImageReport; meets: readonly string[]; code: number }>> = {
  current: { report: image({ guests: [guest(CURRENT)] }), meets: [], code: 0 },
  outdated: { report: image(), meets: ["outdated"], code: 0 },
  missing: {
    report: image({ guests: [guest({ verdict: { status: "missing" } })] }),
    meets: ["missing"],
    code: 0,
  },
  unknown: {
    report: image({ guests: [guest({ verdict: { status: "unknown" } })] }),
    meets: ["unknown"],
    code: 0,
  },
  inconsistent: {
    report: image({ guests: [guest({ ...CURRENT, integrationServices: { consistent: false } })] }),
    meets: ["inconsistent"],
    code: 0,
  },
  staging: {
    report: image({ guests: [guest({ ...CURRENT, staging: { state: "failed" } })] }),
    meets: ["staging"],
    code: 0,
  },
  "two guests": {
    report: image({ guests: [guest(), guest({ verdict: { status: "unknown" } })] }),
    meets: ["outdated", "unknown"],
    code: 0,
  },
  warning: {
    report: image({ guests: [guest(CURRENT)], findings: [finding("warning")] }),
    meets: ["warning"],
    code: 0,
  },
  "error finding": {
    report: image({ guests: [guest(CURRENT)], findings: [finding("error")] }),
    meets: ["error"],
    code: 0,
  },
  empty: { report: image({ guests: [] }), meets: ["no-guest"], code: 0 },
  broken: { report: brokenImage(), meets: ["error"], code: 3 },
  unsafe: { report: withError("DISK_PARENT_OUTSIDE", "unsafe"), meets: ["error"], code: 4 },
  bug: { report: withError("INTERNAL", "corrupt"), meets: ["error"], code: 5 },
};
const NAMES = Object.keys(IMAGES);
for (const name of NAMES) writeFileSync(join(folder, name), "an image");

/** The options of every audit so far. */
const asked: AuditOptions[] = [];
const FAKE = {
  auditBatch: fakeBatch((path, options) => {
    asked.push(options);
    return { ...(IMAGES[basename(path)]?.report ?? brokenImage()), path };
  }),
};

const audit = (names: readonly string[], ...argv: readonly string[]) =>
  run(["audit", ...names.map((name) => join(folder, name)), ...argv], { dependencies: FAKE });

describe.each(GATE_CONDITIONS)("--fail-on %s", (condition) => {
  test.each(NAMES)(
    "makes the exit code 1 exactly where the image %j meets it and is readable",
    async (name) => {
      const { meets = [], code = 0 } = IMAGES[name] ?? {};
      const isViolated = meets.includes(condition);
      const outcome = await audit([name], "--fail-on", condition);
      expect(outcome.code).toBe(code === 0 && isViolated ? 1 : code);
      const sentence = `vmguest: found what --fail-on forbids: ${condition}\n`;
      expect(outcome.stderr.endsWith(sentence)).toBe(isViolated);
    },
  );
});

test("every condition is met by an image, and alone by one", () => {
  for (const condition of GATE_CONDITIONS) {
    expect(Object.values(IMAGES).some(({ meets }) => meets.length === 1 && meets[0] === condition)).toBe(
      true,
    );
  }
});

test("all conditions together name those that are met, in one order", async () => {
  const readable = NAMES.filter((name) => IMAGES[name]?.code === 0);
  const { code, stderr } = await audit(readable, "--fail-on", [...GATE_CONDITIONS].reverse().join(","));
  expect(code).toBe(1);
  expect(stderr).toBe(`vmguest: found what --fail-on forbids: ${GATE_CONDITIONS.join(", ")}\n`);
});

describe("of several exit codes it is the gravest", () => {
  test.each([
    { names: ["outdated", "broken"], code: 3 },
    { names: ["broken", "unsafe", "outdated"], code: 4 },
    { names: ["unsafe", "bug", "broken", "outdated"], code: 5 },
    { names: ["outdated", "current"], code: 1 },
    { names: ["current", "empty"], code: 0 },
  ])("$code for $names", async ({ names, code }) => {
    expect((await audit(names, "--fail-on", "outdated")).code).toBe(code);
  });
});

describe("the policy file", () => {
  const policy = (value: unknown, name = "policy.json") => {
    const path = join(folder, name);
    writeFileSync(
      path,
      typeof value === "string"
        ? value
        : JSON.stringify({ schema: "vmguest.policy/1", ...(value as object) }),
    );
    return ["--policy", path];
  };
  const RULES = [{ guest: ["ws2008r2"], version: "6.3.9600.18692" }];

  test.each([
    { says: {}, argv: [], host: "ws2019", minimums: undefined, minimum: undefined },
    { says: { host: "ws2012r2" }, argv: [], host: "ws2012r2", minimums: undefined, minimum: undefined },
    {
      says: { host: "ws2012r2" },
      argv: ["--host", "ws2012"],
      host: "ws2012",
      minimums: undefined,
      minimum: undefined,
    },
    { says: { minimumVersions: RULES }, argv: [], host: "ws2019", minimums: RULES, minimum: undefined },
    {
      says: { minimumVersions: RULES },
      argv: ["--min-version", "6.2"],
      host: "ws2019",
      minimums: undefined,
      minimum: "6.2",
    },
  ])(
    "of $says with $argv judges for $host by $minimums and $minimum",
    async ({ says, argv, ...expected }) => {
      expect((await audit(["outdated"], ...policy(says), ...argv)).code).toBe(0);
      const { host, minimums, minimumVersion: minimum } = asked.at(-1) ?? expect.fail("nothing was audited");
      expect({ host, minimums, minimum }).toEqual(expected);
    },
  );

  test.each([
    { failOn: ["outdated"], argv: [], code: 1 },
    { failOn: ["missing"], argv: [], code: 0 },
    { failOn: ["missing"], argv: ["--fail-on", "outdated"], code: 1 },
    { failOn: ["outdated"], argv: ["--fail-on", "missing"], code: 0 },
    { failOn: ["outdated"], argv: ["--fail-on", "none"], code: 0 },
  ])(
    "with failOn $failOn and $argv ends with $code for an outdated guest",
    async ({ failOn, argv, code }) => {
      expect((await audit(["outdated"], ...policy({ failOn }), ...argv)).code).toBe(code);
    },
  );

  test("decides what is a failure in a test report", async () => {
    const failures = async (...argv: readonly string[]) => {
      const { stdout } = await audit(["outdated"], "--format", "junit", ...argv);
      return /failures="(\d+)"/.exec(stdout)?.[1];
    };
    expect(await failures()).toBe("1");
    expect(await failures(...policy({ failOn: ["missing"] }))).toBe("0");
    expect(await failures("--fail-on", "none")).toBe("0");
    expect(await failures("--fail-on", "outdated")).toBe("1");
  });

  test.each([
    { text: '{"schema":"vmguest.policy/1","failon":["outdated"]}', says: '$: "failon" is no key here' },
    {
      text: '{"schema":"vmguest.policy/1","minimumVersions":[{"guest":["w7"],"version":"6.3"}]}',
      says: '$.minimumVersions[0].guest[0]: "xp", "vista"',
    },
    { text: "no JSON", says: "$: the text is no JSON" },
    { text: '{"schema":"vmguest.policy/1","x\u202e":1}', says: '$: "x\\u202e" is no key here' },
  ])("that says $text ends the command before anything is audited", async ({ text, says }) => {
    const before = asked.length;
    const argv = policy(text, "wrong.json");
    const { code, stdout, stderr } = await audit(["outdated"], ...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`vmguest: ${argv[1]}: ${says}`);
    expect(stderr).toMatch(/^[^\n]+ \[POLICY_INVALID\]\n$/);
    expect(stderr).not.toContain("\u202e");
    expect(asked).toHaveLength(before);
  });

  test.each([
    { what: "is not there", path: join(folder, "absent.json"), code: 2, says: "[PATH_NOT_FOUND]" },
    { what: "is a folder", path: folder, code: 3, says: "the policy file could not be read (EISDIR)" },
  ])("that $what ends the command with $code", async ({ path, code, says }) => {
    const outcome = await audit(["outdated"], "--policy", path);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(says);
  });

  test("may have a byte-order mark, must be UTF-8, and is no megabytes", async () => {
    const path = join(folder, "bytes.json");
    const text = '{"schema":"vmguest.policy/1"}';
    writeFileSync(path, `\ufeff${text}`);
    expect((await audit(["current"], "--policy", path)).code).toBe(0);
    writeFileSync(path, Buffer.from(text, "utf16le"));
    expect((await audit(["current"], "--policy", path)).stderr).toContain("[POLICY_INVALID]");
    writeFileSync(path, Buffer.from([0x22, 0xff, 0x22]));
    expect((await audit(["current"], "--policy", path)).stderr).toContain("the text is not UTF-8");
    writeFileSync(path, " ".repeat(1_100_000));
    expect(await audit(["current"], "--policy", path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the policy file has more than 1048576 bytes"),
    });
  });

  test("is never overwritten by the report", async () => {
    const [, path = ""] = policy({});
    const outcome = await audit(["current"], "--policy", path, "--output", path);
    expect(outcome).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("one of the files to be read"),
    });
  });
});
