import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { assembleReport, type ImageReport } from "../../src/audit/index.ts";
import { readVersion } from "../../src/cli/version.ts";
import { formatCsv, formatJunit, formatMarkdown } from "../../src/report/formats/index.ts";
import { formatHtml } from "../../src/report/html/index.ts";
import { formatAuditJson, formatNdjson } from "../../src/report/index.ts";
import { brokenImage, guest, image } from "../report/reports.ts";
import { fakeBatch } from "./fake-batch.ts";
import { FakeTicker } from "./fake-ticker.ts";
import { type RunOptions, run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const IMAGES = join(folder, "images");
const NAMES = ["a.vhdx", "b.vhdx", "broken.vhdx", "d.vhdx", "e.vhd"];
mkdirSync(IMAGES);
for (const name of NAMES) writeFileSync(join(IMAGES, name), "an image");
const at = (name: string) => join(IMAGES, name);

/** Paths that were audited, and what is done at each first. */
let audited: string[] = [];
let onAudit: (path: string) => void = () => undefined;
beforeEach(() => {
  audited = [];
  onAudit = () => undefined;
});

function fakeAudit(path: string): ImageReport {
  audited.push(path);
  onAudit(path);
  if (basename(path) === "broken.vhdx") return brokenImage(path);
  return image({
    path,
    guests: [guest({ verdict: { status: basename(path) === "a.vhdx" ? "outdated" : "current" } })],
  });
}

const FAKE = { auditBatch: fakeBatch(fakeAudit) };
const audit = (argv: readonly string[], { dependencies, ...options }: RunOptions = {}) =>
  run(["audit", ...argv], { dependencies: { ...FAKE, ...dependencies }, ...options });

const REPORT = assembleReport(
  NAMES.map((name) => fakeAudit(at(name))),
  { host: "ws2019", toolVersion: readVersion() },
);

/** What each format writes of the images, with nothing forbidden. */
const TEXTS = {
  json: formatAuditJson(REPORT),
  ndjson: formatNdjson(REPORT),
  csv: formatCsv(REPORT),
  junit: formatJunit(REPORT),
  markdown: formatMarkdown(REPORT),
  html: formatHtml(REPORT),
};

describe("--format", () => {
  test.each(Object.entries(TEXTS))(
    "%s writes what that format is, to stdout and to a file",
    async (format, text) => {
      const expected = [...text].join("");
      expect(await audit([IMAGES, "--format", format])).toMatchObject({ code: 3, stdout: expected });
      const file = join(folder, `report of ${format}`);
      writeFileSync(file, "an earlier report".repeat(10_000));
      const { code, stdout } = await audit([IMAGES, "--format", format, "--output", file]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(readFileSync(file, "utf8")).toBe(expected);
    },
  );

  test.each([
    { name: "r.json", begins: '{\n  "schema": "vmguest.audit/1"' },
    { name: "r.ndjson", begins: '{"type":"header"' },
    { name: "r.jsonl", begins: '{"type":"header"' },
    { name: "r.CSV", begins: "\ufeff" },
    { name: "r.xml", begins: "<?xml" },
    { name: "r.md", begins: "#" },
    { name: "r.html", begins: "<!DOCTYPE html>" },
    { name: "r.txt", begins: "Judged for" },
    { name: "json", begins: "Judged for" },
  ])("is told by the ending of $name where it is not given", async ({ name, begins }) => {
    const file = join(folder, name);
    await audit([IMAGES, "--output", file]);
    expect(readFileSync(file, "utf8").startsWith(begins)).toBe(true);
  });

  test("counts before the ending", async () => {
    const file = join(folder, "table.json");
    await audit([IMAGES, "--output", file, "--format", "table"]);
    expect(readFileSync(file, "utf8")).toContain("STATUS");
  });

  test("has the time in ndjson only when asked", async () => {
    const { stdout } = await audit([IMAGES, "--format", "ndjson", "--timestamp"]);
    expect(JSON.parse(stdout.split("\n")[0] ?? "").timestamp).toMatch(/^\d{4}-/);
  });
});

describe("a file for the report", () => {
  const fail = () => {
    throw new Error("a mistake");
  };

  test("is not left empty where there is no report", async () => {
    const file = join(folder, "never.json");
    onAudit = fail;
    expect((await audit([IMAGES, "--output", file])).code).toBe(5);
    expect(existsSync(file)).toBe(false);
  });

  test.each(["new", "old"])("is never the cache as well: %s", async (name) => {
    const file = join(folder, `${name}.both`);
    if (name === "old") writeFileSync(file, "vmguest audit cache 1\n");
    const outcome = await audit([IMAGES, "--output", file, "--cache", join(folder, ".", `${name}.both`)]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain("is another one that is to be written");
    expect(existsSync(file)).toBe(name === "old");
  });

  test("takes the place of no package", async () => {
    const file = join(folder, "update.cab");
    writeFileSync(file, "a package");
    const outcome = await audit([IMAGES, "--package", file, "--output", file]);
    expect(outcome).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("one of the files to be read"),
    });
    expect(readFileSync(file, "utf8")).toBe("a package");
  });

  test.each([
    ["a path that no system call takes", `/${"x".repeat(300)}.vhdx`],
    ["a URL that is longer than a path", `http://127.0.0.1:9/a.vhdx?sig=${"x".repeat(5000)}`],
  ])("is written where there is %s", async (_, listed) => {
    const file = join(folder, "long.json");
    writeFileSync(file, "an earlier report");
    const stdin = Readable.from(`${at("a.vhdx")}\n${listed}\n`);
    const { code, stderr } = await audit(["--files-from", "-", "--output", file], { stdin });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(readFileSync(file, "utf8")).images).toHaveLength(2);
  });

  test("holds the lines of images that were done where it is ndjson", async () => {
    const file = join(folder, "cut.ndjson");
    onAudit = (path) => {
      if (path === at("d.vhdx")) fail();
    };
    expect((await audit([IMAGES, "--output", file])).code).toBe(5);
    const types = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).type);
    expect(types).toEqual(["header", "image", "image", "image"]);
  });
});

describe("a reader who leaves", () => {
  test("ends an audit that is written line by line, which says so by its exit code", async () => {
    const { code, stderr } = await audit([IMAGES, "--format", "ndjson"], { readerStaysFor: 1 });
    expect(code).toBe(141);
    expect(audited.map((path) => basename(path))).toEqual(["a.vhdx", "b.vhdx"]);
    expect(stderr).toBe("");
  });

  test("of the last line alone changes nothing", async () => {
    const { code } = await audit([at("a.vhdx"), "--format", "ndjson", "--fail-on", "outdated"], {
      readerStaysFor: 1,
    });
    expect(code).toBe(1);
  });
});

describe("the images of a list", () => {
  const list = join(folder, "list");

  test.each([
    { what: "lines", text: `${at("d.vhdx")}\r\n\n${at("a.vhdx")}\n`, argv: [] },
    { what: "entries that end with NUL", text: `${at("d.vhdx")}\0${at("a.vhdx")}\0`, argv: ["--null"] },
  ])("are those of its $what, from a file or from stdin", async ({ text, argv }) => {
    writeFileSync(list, text);
    expect((await audit(["--files-from", list, ...argv])).code).toBe(0);
    const stdin = Readable.from([Buffer.from(text.slice(0, 9)), Buffer.from(text.slice(9))]);
    expect((await audit(["--files-from", "-", ...argv], { stdin })).code).toBe(0);
    expect(audited).toEqual([at("d.vhdx"), at("a.vhdx"), at("d.vhdx"), at("a.vhdx")]);
  });

  test("come behind those of the command line, each once", async () => {
    writeFileSync(list, `${at("a.vhdx")}\n${at("b.vhdx")}\n`);
    await audit([at("b.vhdx"), "--files-from", list]);
    expect(audited).toEqual([at("b.vhdx"), at("a.vhdx")]);
  });

  test("that are not there are errors among the others", async () => {
    writeFileSync(list, `${at("a.vhdx")}\n${at("gone.vhdx")}\n`);
    const { code, stderr } = await audit(["--files-from", list]);
    expect(code).toBe(3);
    expect(stderr).toContain("gone.vhdx");
    expect(audited).toEqual([at("a.vhdx")]);
  });

  test.each([
    {
      what: "is not there",
      argv: ["--files-from", join(folder, "absent")],
      code: 2,
      says: "[PATH_NOT_FOUND]",
    },
    { what: "is a folder", argv: ["--files-from", folder], code: 3, says: "could not be read (EISDIR)" },
    { what: "is empty", argv: ["--files-from", "-"], code: 2, says: "[PATH_NOT_FOUND]" },
  ])("a list that $what ends the command with $code", async ({ argv, code, says }) => {
    const outcome = await audit(argv);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(says);
    expect(audited).toEqual([]);
  });

  test("a stdin that fails is an error of the host", async () => {
    const stdin = new Readable({
      read() {
        this.destroy(Object.assign(new Error("no"), { code: "EIO" }));
      },
    });
    const { code, stderr } = await audit(["--files-from", "-"], { stdin });
    expect(code).toBe(3);
    expect(stderr).toContain("the list of images could not be read (EIO)");
  });
});

test.each([
  { argv: ["--include", "*.vhd"], names: ["e.vhd"] },
  { argv: ["--include", "{a,d}.*"], names: ["a.vhdx", "d.vhdx"] },
  { argv: ["--include", "a.*,e.*"], names: ["a.vhdx", "e.vhd"] },
  { argv: ["--include", "*.vhdx", "--exclude", "b*", "--exclude", "broken*"], names: ["a.vhdx", "d.vhdx"] },
])("$argv leaves $names", async ({ argv, names }) => {
  await audit([IMAGES, ...argv]);
  expect(audited.map((path) => basename(path))).toEqual(names);
});

describe("--events", () => {
  const eventsOf = (stderr: string) =>
    stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("tells everything as lines of JSON, and nothing else", async () => {
    const ticker = new FakeTicker();
    onAudit = () => ticker.advance(1000);
    const argv = [
      at("a.vhdx"),
      at("broken.vhdx"),
      "--events",
      "--fail-on",
      "outdated,missing",
      "--format",
      "json",
    ];
    const { code, stdout, stderr } = await audit(argv, { terminal: 80, dependencies: { ticker } });
    expect(code).toBe(3);
    expect(JSON.parse(stdout).schema).toBe("vmguest.audit/1");
    const events = eventsOf(stderr);
    expect(events.map(({ event, ms }) => [event, ms])).toEqual([
      ["start", 0],
      ["image-start", 0],
      ["image-end", 1000],
      ["image-start", 1000],
      ["image-end", 2000],
      ["end", 2000],
      ["violations", 2000],
    ]);
    expect(events[0]).toEqual({ event: "start", ms: 0, images: 2, jobs: 1 });
    expect(events[2]).toMatchObject({ path: at("a.vhdx"), position: 0, outcome: { error: null }, wallMs: 0 });
    expect(events[4]).toMatchObject({
      outcome: { error: { code: "VHDX_HEADERS_INVALID", kind: "corrupt" } },
    });
    expect(events[6]).toMatchObject({ conditions: ["outdated"] });
  });

  test("tells what ends the command, which no text then does", async () => {
    const argv = [at("a.vhdx"), "--events", "--policy", join(folder, "absent")];
    const { code, stdout, stderr } = await audit(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(eventsOf(stderr)).toMatchObject([
      {
        event: "failed",
        exitCode: 2,
        code: "PATH_NOT_FOUND",
        kind: "usage",
        message: "the policy file is not there",
      },
    ]);
  });

  test("tells nothing that a terminal would obey", async () => {
    const path = join(folder, "x\u202e.vhdx");
    writeFileSync(path, "an image");
    const { stderr } = await audit([path, "--events"]);
    expect(stderr).not.toContain("\u202e");
    expect(eventsOf(stderr)[1]).toMatchObject({ path });
  });
});

describe("what people are told meanwhile", () => {
  test("errors come as they are met, and make room in the line of progress", async () => {
    const ticker = new FakeTicker();
    onAudit = () => ticker.advance(3000);
    const { stderr } = await audit([IMAGES], { terminal: 60, dependencies: { ticker } });
    const parts = stderr.split("\r\u001b[K");
    expect(parts[1]).toMatch(/^\[-+\] {2}0\/5$/);
    const [before = "", after = ""] = stderr.split("neither header copy");
    expect(before.split("\r\u001b[K").at(-1)).toBe(`${at("broken.vhdx")}: VHDX header at 0x10000: `);
    expect(after).toContain("4/5");
    expect(stderr.endsWith("\r\u001b[K")).toBe(true);
  });

  test("a log gets a line every ten seconds, unless --quiet", async () => {
    const ticker = new FakeTicker();
    onAudit = () => ticker.advance(6000);
    const options = { dependencies: { ticker } };
    const { stderr } = await audit([IMAGES, "--exclude", "broken*"], options);
    expect(stderr.split("\n").map((line) => line.split(",")[0])).toEqual([
      "vmguest: 1 of 4 images are audited",
      "vmguest: 3 of 4 images are audited",
      "vmguest: 4 of 4 images are audited",
      "",
    ]);
    expect((await audit([IMAGES, "--exclude", "broken*", "--quiet"], options)).stderr).toBe("");
  });
});

describe("a signal", () => {
  class Signals extends EventEmitter {}

  async function stopped(signal: "SIGINT" | "SIGTERM", argv: readonly string[]) {
    const signals = new Signals();
    onAudit = (path) => {
      if (path === at("b.vhdx")) signals.emit(signal, signal);
    };
    const outcome = await audit([IMAGES, ...argv], { signals: signals as never });
    return { ...outcome, listeners: signals.eventNames() };
  }

  test.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)(
    "$signal ends the audit at once with $code and says how far it came",
    async ({ signal, code }) => {
      const outcome = await stopped(signal, ["--format", "json"]);
      expect(outcome).toMatchObject({ code, stdout: "", listeners: [] });
      expect(audited).toHaveLength(2);
      expect(outcome.stderr).toBe(
        `vmguest: stopped by ${signal}: 2 of 5 images were audited; no report is written\n`,
      );
    },
  );

  test("leaves the lines that are written, and says so", async () => {
    const { stdout, stderr } = await stopped("SIGINT", ["--format", "ndjson"]);
    expect(stdout.trim().split("\n")).toHaveLength(3);
    expect(stderr).toContain("2 of 5 images were audited; the report holds 2 of them, and no summary\n");
  });

  test("is told as an event, and in spite of --quiet", async () => {
    const { stderr } = await stopped("SIGINT", ["--events"]);
    expect(JSON.parse(stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({
      event: "stopped",
      signal: "SIGINT",
      done: 2,
      total: 5,
    });
    expect((await stopped("SIGINT", ["--quiet"])).stderr).toContain("stopped by SIGINT");
  });

  test("leaves an earlier report as it is", async () => {
    const file = join(folder, "earlier.json");
    writeFileSync(file, "earlier");
    await stopped("SIGINT", ["--output", file]);
    expect(readFileSync(file, "utf8")).toBe("earlier");
  });

  test("is left to the process where there is one image, which nothing could stop before its end", async () => {
    const signals = new Signals();
    let listeners: unknown;
    onAudit = () => {
      listeners = signals.eventNames();
    };
    await audit([at("a.vhdx")], { signals: signals as never });
    expect(listeners).toEqual([]);
  });
});

test.each([
  { what: "a shard that is none", argv: ["--shard", "3/2"], code: 2, says: "is not among the 2" },
  { what: "a shard that nobody names", argv: ["--shard", "auto"], code: 2, says: "does not say which shard" },
  {
    what: "headers that are not there",
    argv: ["--header-file", join(folder, "x")],
    code: 2,
    says: "PATH_NOT_FOUND",
  },
  {
    what: "headers that are none",
    argv: ["--header-file", at("a.vhdx")],
    code: 2,
    says: `vmguest: ${at("a.vhdx")}: line 1: `,
  },
  {
    what: "a cache named like a disk",
    argv: ["--cache", at("new.vhdx")],
    code: 2,
    says: "named like a disk image",
  },
  {
    what: "a cache that is something else",
    argv: ["--cache", join(folder, "foreign")],
    code: 2,
    says: "CACHE_FOREIGN",
  },
])("$what ends the command with $code, and nothing is audited", async ({ argv, code, says }) => {
  writeFileSync(join(folder, "foreign"), "something else");
  const outcome = await audit([IMAGES, ...argv]);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toContain(says);
  expect(audited).toEqual([]);
});
