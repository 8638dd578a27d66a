import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { AuditOptions, ImageReport } from "../../src/audit/index.ts";
import type { Status } from "../../src/policy/index.ts";
import { buildIcPackage, FEW_COMPONENTS } from "../lab/ic-package.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { brokenImage, guest, image } from "../report/reports.ts";
import { fakeBatch } from "./fake-batch.ts";
import { type RunOptions, run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files that are never opened, since the audit is a fake one; what it reports is told by their names. */
const FILES = ["current", "outdated", "missing", "unknown", "broken", "unsafe", "bug", "empty", "finding"];
for (const name of FILES) writeFileSync(join(folder, `${name}.vhdx`), "an image");

const path = (name: string) => join(folder, `${name}.vhdx`);

/** The options of every audit so far. */
const asked: AuditOptions[] = [];

function fakeAudit(file: string, options: AuditOptions): ImageReport {
  asked.push(options);
  options.stats?.record(0, 4096);
  const name = basename(file, ".vhdx");
  const base = { ...brokenImage(file), error: null };
  const error = (code: string, kind: "unsafe" | "corrupt") => ({
    ...base,
    error: { code, kind, message: "a message", where: file, hint: null },
  });
  switch (name) {
    case "broken":
      return brokenImage(file);
    case "unsafe":
      return error("VHD_SAVED_STATE", "unsafe");
    case "bug":
      return error("INTERNAL", "corrupt");
    case "empty":
      return base;
    case "finding":
      return {
        ...base,
        findings: [{ code: "NTFS_INDEX", severity: "error", message: "a message", where: file }],
      };
    default:
      return image({ path: file, guests: [guest({ verdict: { status: name as Status } })] });
  }
}

const FAKE = { auditBatch: fakeBatch(fakeAudit) };

const audit = (argv: readonly string[], options: RunOptions = {}) =>
  run(["audit", ...argv], { dependencies: FAKE, ...options });

describe("the exit code of an audit", () => {
  test.each([
    { images: ["current"], code: 0 },
    { images: ["outdated"], code: 0 },
    { images: ["empty"], code: 0 },
    { images: ["broken"], code: 3 },
    { images: ["current", "broken"], code: 3 },
    { images: ["unsafe"], code: 4 },
    { images: ["broken", "unsafe"], code: 4 },
    { images: ["bug"], code: 5 },
    { images: ["unsafe", "bug", "broken"], code: 5 },
  ])("is $code for $images", async ({ images, code }) => {
    expect((await audit(images.map(path))).code).toBe(code);
  });

  test.each([
    { images: ["outdated"], failOn: "outdated", code: 1 },
    { images: ["outdated"], failOn: "missing", code: 0 },
    { images: ["outdated"], failOn: "missing,outdated", code: 1 },
    { images: ["missing"], failOn: "missing", code: 1 },
    { images: ["unknown"], failOn: "unknown", code: 1 },
    { images: ["current"], failOn: "outdated,missing,unknown,error", code: 0 },
    { images: ["empty"], failOn: "outdated,missing,unknown,error", code: 0 },
    { images: ["current", "outdated"], failOn: "outdated", code: 1 },
    { images: ["finding"], failOn: "error", code: 1 },
    { images: ["finding"], failOn: "outdated", code: 0 },
    { images: ["broken"], failOn: "error", code: 3 },
    { images: ["outdated", "broken"], failOn: "outdated", code: 3 },
    { images: ["outdated", "unsafe"], failOn: "outdated", code: 4 },
  ])("is $code for $images with --fail-on $failOn", async ({ images, failOn, code }) => {
    const outcome = await audit([...images.map(path), "--fail-on", failOn]);
    expect(outcome.code).toBe(code);
  });

  test("is explained where --fail-on is the reason", async () => {
    const { stderr } = await audit([path("outdated"), "--fail-on", "missing,outdated"]);
    expect(stderr).toBe("vmguest: found what --fail-on forbids: outdated\n");
    expect((await audit([path("outdated"), "--fail-on", "missing"])).stderr).toBe("");
  });

  test("takes --fail-on again and again for a list", async () => {
    const outcome = await audit([path("missing"), "--fail-on", "outdated", "--fail-on=missing"]);
    expect(outcome.code).toBe(1);
  });

  test("is 2 for a path that is not there, and nothing is read", async () => {
    const before = asked.length;
    const { code, stdout, stderr } = await audit([path("current"), path("absent")]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`vmguest: ${path("absent")}: no file or folder is named so [PATH_NOT_FOUND]\n`);
    expect(asked).toHaveLength(before);
  });

  test("stays what it is where stderr takes no message", async () => {
    expect((await audit([path("absent")], { isStderrFull: true })).code).toBe(2);
    expect((await audit([path("outdated"), "--fail-on", "outdated"], { isStderrFull: true })).code).toBe(1);
  });

  test("is 5 for a mistake of ours, with what is needed to report it", async () => {
    const dependencies = {
      auditBatch: fakeBatch(() => {
        throw new TypeError("x is \x1b[31m not a function");
      }),
    };
    const { code, stderr } = await audit([path("current")], { dependencies });
    expect(code).toBe(5);
    expect(stderr).toContain("please report it with the command line");
    expect(stderr).toContain("TypeError: x is \\x1b[31m not a function");
    expect(stderr).toContain("audit.test.ts");
  });
});

describe("the report", () => {
  test("is a table for people, in which nothing is hidden", async () => {
    const { stdout, stderr } = await audit([folder]);
    for (const word of ["outdated", "missing", "unknown", "current", "no guest found"])
      expect(stdout).toContain(word);
    expect(stdout).toContain("9 images, 4 guests");
    expect(stderr).toContain("[VHDX_HEADERS_INVALID] Copy the image again");
  });

  test("is the same JSON for the same images, in the order of the arguments", async () => {
    const first = await audit([path("outdated"), path("current"), "--format", "json"]);
    const second = await audit([path("outdated"), path("current"), "--format=json"]);
    expect(first.stdout).toBe(second.stdout);
    const report = JSON.parse(first.stdout);
    expect(report.images.map((one: ImageReport) => basename(one.path))).toEqual([
      "outdated.vhdx",
      "current.vhdx",
    ]);
    expect(Object.keys(report)).toEqual(["schema", "tool", "host", "images", "summary"]);
    expect(report.tool.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("has the time in it only when asked", async () => {
    const { stdout } = await audit([path("current"), "--format", "json", "--timestamp"]);
    expect(JSON.parse(stdout).timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("is for the host that was named, in whatever words", async () => {
    const { stdout } = await audit([path("current"), "--format", "json", "--host", "Windows Server 2012 R2"]);
    expect(JSON.parse(stdout).host.id).toBe("ws2012r2");
    expect(asked.at(-1)?.host).toBe("ws2012r2");
  });

  test("tells what it rests on where --explain asks", async () => {
    expect((await audit([path("outdated"), "--explain"])).stdout).toContain("\nEVIDENCE\n");
    expect((await audit([path("outdated")])).stdout).not.toContain("EVIDENCE");
  });

  test("passes the least version on", async () => {
    await audit([path("current"), "--min-version", "6.3.9600.18692"]);
    expect(asked.at(-1)?.minimumVersion).toBe("6.3.9600.18692");
  });

  test("names a folder that could not be searched, among the errors", async () => {
    const locked = join(folder, "locked");
    const listFolder = (path: string) => {
      if (path === locked) throw Object.assign(new Error("denied"), { code: "EACCES" });
      return readdirSync(path, { withFileTypes: true });
    };
    mkdirSync(locked);
    const dependencies = { ...FAKE, listFolder };
    const { code, stdout } = await audit([path("current"), locked, "--format", "json"], { dependencies });
    rmSync(locked, { recursive: true });
    expect(code).toBe(3);
    const [, second] = JSON.parse(stdout).images;
    expect(second).toMatchObject({
      path: locked,
      container: null,
      guests: [],
      error: { code: "IO_OPEN", kind: "io" },
    });
  });

  test.each(["json", "table"])(
    "goes to the file that --output names, as %s, and stdout stays empty",
    async (format) => {
      const file = join(folder, `report.${format}`);
      writeFileSync(file, "an earlier report that was much, much longer".repeat(1000));
      const argv = [path("outdated"), "--format", format];
      const { code, stdout } = await audit([...argv, "--output", file], { terminal: 80, env: { CI: "1" } });
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
      expect(readFileSync(file, "utf8")).toBe((await audit(argv, { terminal: 80, env: { CI: "1" } })).stdout);
    },
  );

  test("has no colours in a file", async () => {
    const file = join(folder, "colourless.txt");
    await audit([path("outdated"), "--output", file], { terminal: 80 });
    expect(readFileSync(file, "utf8")).not.toContain("\x1b");
  });

  test("leaves an earlier report where there will be no new one", async () => {
    const file = join(folder, "kept.txt");
    writeFileSync(file, "kept");
    const dependencies = {
      auditBatch: fakeBatch(() => {
        throw new Error("no");
      }),
    };
    expect((await audit([path("current"), "--output", file], { dependencies })).code).toBe(5);
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test.each([
    { output: "current.vhdx", code: 2, message: "is named like a disk image" },
    { output: "new.avhd", code: 2, message: "is named like a disk image" },
    { output: "disk", code: 2, message: "is one of the files to be read" },
    { output: "link-to-disk", code: 2, message: "is one of the files to be read" },
    { output: "absent/report.json", code: 3, message: "the file could not be written (ENOENT)" },
  ])(
    "is refused with $code for --output $output, before anything is read",
    async ({ output, code, message }) => {
      const disk = join(folder, "disk");
      writeFileSync(disk, "an image");
      if (output === "link-to-disk") symlinkSync(disk, join(folder, output));
      const before = asked.length;
      const outcome = await audit([path("current"), disk, "--output", join(folder, output)]);
      expect(outcome).toMatchObject({ code, stdout: "" });
      expect(outcome.stderr).toContain(message);
      expect(asked).toHaveLength(before);
      expect(readFileSync(disk, "utf8")).toBe("an image");
      expect(readFileSync(path("current"), "utf8")).toBe("an image");
    },
  );
});

describe("colours", () => {
  test.each([
    { env: {}, terminal: 80, isColoured: true },
    { env: {}, isColoured: false },
    { env: { NO_COLOR: "1" }, terminal: 80, isColoured: false },
    { env: { NO_COLOR: "" }, terminal: 80, isColoured: true },
    { env: { CI: "true" }, terminal: 80, isColoured: false },
    { env: { TERM: "dumb" }, terminal: 80, isColoured: false },
    { env: { FORCE_COLOR: "1" }, isColoured: true },
    { env: { FORCE_COLOR: "1", NO_COLOR: "1", CI: "1" }, isColoured: true },
    { env: { FORCE_COLOR: "0" }, terminal: 80, isColoured: false },
  ])(
    "are on: $isColoured, with $env and a terminal of $terminal columns",
    async ({ env, terminal, isColoured }) => {
      const { stdout } = await audit([path("outdated")], {
        env,
        ...(terminal === undefined ? {} : { terminal }),
      });
      expect(stdout.includes("\x1b[31moutdated")).toBe(isColoured);
    },
  );

  test("are never in JSON", async () => {
    const { stdout } = await audit([path("outdated"), "--format", "json"], { env: { FORCE_COLOR: "1" } });
    expect(stdout).not.toContain("\x1b");
  });
});

describe("the width of the table", () => {
  const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

  test.each([
    { options: { terminal: 70 }, width: 70 },
    { options: { env: { COLUMNS: "90" } }, width: 90 },
    { options: { env: { COLUMNS: "no number" } }, width: 120 },
    { options: {}, width: 120 },
  ])("is within $width for $options", async ({ options, width }) => {
    const { stdout } = await audit([path("outdated")], { env: { CI: "1" }, ...options });
    expect(widest(stdout)).toBeLessThanOrEqual(width);
    expect(widest(stdout)).toBeGreaterThan(width - 30);
  });
});

describe("beside the report", () => {
  test("--stats ends stderr with one line of JSON, even where the command fails", async () => {
    const { stderr } = await audit([path("current"), path("broken"), "--stats"]);
    const last = stderr.trimEnd().split("\n").at(-1) ?? "";
    const stats = JSON.parse(last);
    expect(Object.keys(stats)).toEqual(["images", "reads", "bytesRead", "wallMs", "peakRssBytes"]);
    expect(stats).toMatchObject({ images: 2, reads: 2, bytesRead: 8192 });
    expect(stats.peakRssBytes).toBeGreaterThan(1_000_000);
    const failed = await audit([path("absent"), "--stats"]);
    expect(JSON.parse(failed.stderr.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      images: 0,
      reads: 0,
    });
  });

  test("--quiet leaves nothing", async () => {
    const argv = [path("outdated"), path("broken"), "--quiet", "--fail-on", "outdated"];
    expect(await audit(argv, { terminal: 80 })).toMatchObject({ code: 3, stderr: "" });
  });

  test("a reader who leaves is no error, and changes nothing about the verdict", async () => {
    const argv = [path("outdated"), "--fail-on", "outdated"];
    const { code, stdout, stderr } = await audit(argv, { readerStaysFor: 0 });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).not.toContain("EPIPE");
  });
});

describe("what --package offers", () => {
  const good = join(folder, "good.cab");
  const root = join(folder, "root.pem");
  const text = join(folder, "text.cab");
  writeFileSync(good, buildIcPackage({ components: FEW_COMPONENTS }));
  writeFileSync(root, pemOf(THROW_AWAY.root.certificate));
  writeFileSync(text, "no package");

  test("is what every guest is judged by", async () => {
    const { code, stderr } = await audit([path("current"), "--package", good, "--trust-root", root]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(asked.at(-1)?.offered).toMatchObject([
      { place: [good], kind: "cab", version: "6.3.9600.19456", signature: { isTrusted: true } },
    ]);
  });

  test("is not trusted without a root, and that is for the verdict to say", async () => {
    expect((await audit([path("current"), "--package", good])).code).toBe(0);
    expect(asked.at(-1)?.offered).toMatchObject([{ signature: { isTrusted: false } }]);
  });

  test("is nothing where it is not given", async () => {
    await audit([path("current")]);
    expect(asked.at(-1)?.offered).toBeUndefined();
  });

  test("may be a folder; what is no package in it is told, and the exit code is 3", async () => {
    const offered = join(folder, "offered");
    mkdirSync(offered);
    copyFileSync(good, join(offered, "good.cab"));
    copyFileSync(text, join(offered, "text.cab"));
    const { code, stdout, stderr } = await audit([path("current"), "--package", offered]);
    expect(code).toBe(3);
    expect(stdout).toContain("current");
    expect(stderr).toMatch(/text\.cab: the file is neither cabinet nor MSI .* \[PACKAGE_UNKNOWN\]/);
    expect(asked.at(-1)?.offered).toHaveLength(1);
    expect(await audit([path("current"), "--package", offered, "--quiet"])).toMatchObject({
      code: 3,
      stderr: "",
    });
  });

  test.each([
    { what: "nothing that is a package", argv: ["--package", text], code: 3, says: "[PACKAGE_UNKNOWN]" },
    {
      what: "one that is none beside one that is",
      argv: ["--package", `${good},${text}`],
      code: 3,
      says: "[PACKAGE_UNKNOWN]",
    },
    {
      what: "a root that is not there",
      argv: ["--package", good, "--trust-root", join(folder, "x.pem")],
      code: 2,
      says: "[PATH_NOT_FOUND]",
    },
    {
      what: "a path that is not there",
      argv: ["--package", join(folder, "x.cab")],
      code: 2,
      says: "[PATH_NOT_FOUND]",
    },
    {
      what: "a path that leads nowhere in one",
      argv: ["--package", join(good, "x")],
      code: 2,
      says: "[NOT_FOUND]",
    },
    {
      what: "a root without a package",
      argv: ["--trust-root", root],
      code: 2,
      says: "about the packages of --package",
    },
    {
      what: "a root that is none",
      argv: ["--package", good, "--trust-root", text],
      code: 2,
      says: "takes certificates",
    },
  ])("ends with $code for $what, and nothing is audited", async ({ argv, code, says }) => {
    const before = asked.length;
    const outcome = await audit([path("current"), ...argv]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(says);
    expect(asked).toHaveLength(before);
  });
});
