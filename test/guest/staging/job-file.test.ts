import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { encodeJob, packageNameFor, parseJob, type StagingJob, TRIGGERS } from "../../../src/guest/index.ts";
import { JOB } from "./jobs.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const textOf = (job: StagingJob) => Buffer.from(encodeJob(job)).toString("latin1");
const failure = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""));
const version = fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }).map((parts) => parts.join("."));
const jobs: fc.Arbitrary<StagingJob> = fc.record({
  schema: fc.constant(1 as const),
  id: fc.uuid(),
  sha256: hex(64),
  sizeBytes: fc.integer({ min: 1, max: 64 * 1024 * 1024 }),
  packageName: fc.string().map(packageNameFor),
  identity: fc
    .tuple(hex(16), version)
    .map(([token, number]) => `Some-Package_1.x~${token}~amd64~en-US~${number}`),
  version,
  architecture: fc.constantFrom("x86", "x64", "arm64", "ia64"),
  nt: fc.constantFrom("6.0", "6.1", "6.3", "10.0"),
  trigger: fc.constantFrom(...TRIGGERS),
  maxAttempts: fc.integer({ min: 1, max: 9 }),
  reboot: fc.constantFrom("auto", "never"),
  tools: fc.shuffledSubarray(["dism", "pkgmgr"] as const, { minLength: 1 }),
  systemRoot: fc.constantFrom("C:\\Windows", "D:\\WINNT", "E:\\win_7"),
});

describe("the job file", () => {
  test("is a mark and a line for each field", () => {
    expect(textOf(JOB).split("\r\n")).toEqual([
      "[vmguest]",
      "schema=1",
      "id=6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
      `sha256=${JOB.sha256}`,
      "sizeBytes=5",
      "packageName=Windows6.x-HyperVIntegrationServices-x64.cab",
      "identity=Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
      "version=6.3.9600.19456",
      "architecture=x64",
      "nt=6.1",
      "trigger=setup-mode",
      "maxAttempts=3",
      "reboot=auto",
      "tools=dism,pkgmgr",
      "systemRoot=C:\\Windows",
      "",
    ]);
  });

  test("gives the job back as it was written", () => {
    fc.assert(
      fc.property(jobs, (job) => {
        expect(parseJob(encodeJob(job))).toEqual(job);
      }),
    );
  });

  test("is ASCII, whatever the job", () => {
    fc.assert(
      fc.property(jobs, (job) => {
        expect(textOf(job)).toMatch(/^([ -~]+\r\n)+$/);
      }),
    );
  });
});

test.each<[title: string, change: { readonly [K in keyof StagingJob]?: unknown }]>([
  ["an id in braces", { id: `{${JOB.id}}` }],
  ["an id in capitals", { id: JOB.id.toUpperCase() }],
  ["a digest cut short", { sha256: JOB.sha256.slice(1) }],
  ["a package of no bytes", { sizeBytes: 0 }],
  ["a package of half a byte", { sizeBytes: 0.5 }],
  ["a package larger than any", { sizeBytes: 64 * 1024 * 1024 + 1 }],
  ["a file name with a line end", { packageName: "a\r\nreboot=never" }],
  ["a file name of another alphabet", { packageName: "größe.cab" }],
  ["a file name with a percent sign", { packageName: "%TEMP%.cab" }],
  ["no file name", { packageName: "" }],
  ["a language that is written out in no key", { identity: JOB.identity.replace("~~", "~*~") }],
  ["a version of three numbers", { version: "6.3.9600" }],
  ["a version with a number too large", { version: "6.3.9600.65536" }],
  ["an architecture that Windows does not have", { architecture: "mips" }],
  ["a trigger that nobody pulls", { trigger: "bootexecute" }],
  ["no attempt", { maxAttempts: 0 }],
  ["ten attempts", { maxAttempts: 10 }],
  ["no tool", { tools: [] }],
  ["a tool twice", { tools: ["dism", "dism"] }],
  ["another tool", { tools: ["wusa"] }],
  ["a folder of Windows on a share", { systemRoot: "\\\\server\\Windows" }],
  ["a folder of Windows with a command", { systemRoot: "C:\\Windows&calc" }],
  ["a schema of tomorrow", { schema: 2 }],
])("no job is written with %s", (_title, change) => {
  const [name] = Object.keys(change);
  expect(() => encodeJob({ ...JOB, ...change } as StagingJob)).toThrow(failure("STAGING_JOB", name));
});

describe("a file that is no job of ours", () => {
  const text = textOf(JOB);

  test.each<[title: string, code: string, message: string, bytes: Uint8Array]>([
    ["an empty one", "STAGING_FOREIGN", "", bytesOf("")],
    ["another program's", "STAGING_FOREIGN", "", bytesOf("[settings]\r\nid=1\r\n")],
    ["a huge one", "STAGING_FOREIGN", "", new Uint8Array(1 << 20)],
    ["a huge one with our mark", "STAGING_JOB", "bytes", bytesOf("[vmguest]".padEnd(5000, "x"))],
    ["our mark alone", "STAGING_JOB", "lines", bytesOf("[vmguest]\r\n")],
    ["one cut short", "STAGING_JOB", "lines", bytesOf(text.slice(0, -2))],
    ["one with Unix line ends", "STAGING_FOREIGN", "", bytesOf(text.replaceAll("\r\n", "\n"))],
    ["one in UTF-16", "STAGING_FOREIGN", "", new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"))],
    ["one with a field twice", "STAGING_JOB", "lines", bytesOf(`${text}nt=6.1\r\n`)],
    ["one with fields exchanged", "STAGING_JOB", "line 10", bytesOf(text.replace("nt=", "nT="))],
    ["one of a later schema", "STAGING_JOB", "line 2", bytesOf(text.replace("schema=1", "schema=2"))],
    ["one with a NUL", "STAGING_JOB", "line 13", bytesOf(text.replace("auto", "auto\0"))],
    [
      "one with a number written otherwise",
      "STAGING_JOB",
      "line 5",
      bytesOf(text.replace("sizeBytes=5", "sizeBytes=05")),
    ],
  ])("%s is refused", (_title, code, message, bytes) => {
    expect(() => parseJob(bytes)).toThrow(failure(code, message));
  });

  test("is refused with a typed error, whatever it is made of", () => {
    const original = encodeJob(JOB);
    const mutation = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(original.length),
        (changes, length) => {
          const bytes = original.slice(0, length);
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            expect(encodeJob(parseJob(bytes))).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(VmguestError);
          }
        },
      ),
    );
  });
});

test.each([
  ["größe & co.cab", "gr__e _ co.cab"],
  [" a.cab ", "a.cab"],
  ["", "_"],
  ["x".repeat(200), "x".repeat(128)],
  [`${"x".repeat(127)} .cab`, "x".repeat(127)],
])("the name %j stands in a job as %j", (name, expected) => {
  expect(packageNameFor(name)).toBe(expected);
});
