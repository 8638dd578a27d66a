import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import { FORMATS, shard } from "../audit/stored/stored.ts";
import { brokenImage, guest, image, report } from "../report/reports.ts";
import { run } from "./run.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const folder = mkdtempSync(join(tmpdir(), "vmguest-merge-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file in the folder with this text. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const merge = (...argv: string[]) => run(["report", "merge", ...argv]);

const WHOLE = report(
  ...["outdated", "current", "current", "outdated", "current"].map((status, index) =>
    image({ path: `${index}.vhdx`, guests: [guest({ verdict: { status: status as "current" } })] }),
  ),
);

/** The shards of a report, in the order of their indexes, in both formats by turns. */
const shards = (whole: AuditReport, count: number) =>
  [...Array(count).keys()].map((index) => {
    const positions = [...whole.images.keys()].filter((position) => (position * 7) % count === index);
    const part = shard(whole, { index, count, total: whole.images.length, positions });
    const format = index % 2 === 0 ? "json" : "ndjson";
    return file(`shard-${index}.${format}`, FORMATS[format](part));
  });

describe("a library that three jobs have audited", () => {
  const library = join(folder, "library");
  mkdirSync(library);
  execFileSync(process.execPath, [join(SAMPLES, "unpack.js")]);
  for (let index = 0; index < 12; index++) writeFileSync(join(library, `${index}.vhdx`), `no image ${index}`);

  test.each(["json", "ndjson"] as const)(
    "is reported as if one had, byte for byte, as %s",
    async (format) => {
      const audit = (...argv: string[]) =>
        run(["audit", SAMPLES, library, "--quiet", "--format", format, ...argv]);
      const whole = await audit();
      const parts: string[] = [];
      for (const index of [3, 1, 2]) {
        const { code, stdout } = await audit("--shard", `${index}/3`);
        expect([0, 3]).toContain(code);
        parts.push(file(`part-${index}.${format}`, stdout));
      }
      const merged = await merge(...parts, "--format", format);
      expect(merged).toEqual({ ...whole, stderr: "" });
      expect(whole.stdout.split("web01-2008r2.vhdx").length).toBeGreaterThan(1);
      expect(whole.code).toBe(3);
    },
  );
});

describe("report merge", () => {
  test("makes one report of three shards, byte for byte, whichever is named first", async () => {
    const [a = "", b = "", c = ""] = shards(WHOLE, 3);
    for (const format of ["json", "ndjson"] as const) {
      for (const order of [
        [a, b, c],
        [c, a, b],
      ]) {
        const { code, stdout, stderr } = await merge(...order, "--format", format);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toBe(FORMATS[format](WHOLE));
      }
    }
  });

  test.each([
    { name: "whole.json", begins: "{\n" },
    { name: "whole.ndjson", begins: '{"type":"header"' },
    { name: "whole.csv", begins: "" },
    { name: "whole.xml", begins: "<?xml" },
    { name: "whole.md", begins: "## " },
    { name: "whole.html", begins: "<!" },
    { name: "whole.txt", begins: "Judged for" },
  ])("writes one report as $name says", async ({ name, begins }) => {
    const output = join(folder, name);
    const { code, stdout, stderr } = await merge(file("one.json", FORMATS.json(WHOLE)), "--output", output);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    const written = readFileSync(output, "utf8").replace("\ufeff", "");
    expect(written.slice(0, begins.length)).toBe(begins);
    expect(written).toContain("0.vhdx");
  });

  test.each([
    { what: "nothing is forbidden", images: ["outdated"], argv: [], code: 0 },
    {
      what: "what is forbidden is there",
      images: ["outdated"],
      argv: ["--fail-on", "missing,outdated"],
      code: 1,
    },
    { what: "what is forbidden is not", images: ["current"], argv: ["--fail-on", "outdated"], code: 0 },
    {
      what: "an image could not be read",
      images: ["current", "corrupt"],
      argv: ["--fail-on", "outdated"],
      code: 3,
    },
    { what: "one was refused", images: ["corrupt", "unsafe"], argv: ["--fail-on", "error"], code: 4 },
  ])("ends with $code where $what", async ({ images, argv, code }) => {
    const all = images.map((name) => {
      const broken = brokenImage(`${name}.vhdx`);
      if (name === "corrupt") return broken;
      if (name === "unsafe")
        return { ...broken, error: { ...broken.error, kind: "unsafe" } } as typeof broken;
      return image({ path: `${name}.vhdx`, guests: [guest({ verdict: { status: name as "current" } })] });
    });
    const outcome = await merge(file("all.json", FORMATS.json(report(...all))), "--format", "csv", ...argv);
    expect(outcome.code).toBe(code);
    if (code === 1) expect(outcome.stderr).toBe("vmguest: found what --fail-on forbids: outdated\n");
  });

  test.each([
    {
      fault: "a shard is missing",
      files: () => shards(WHOLE, 3).slice(1),
      code: 2,
      says: "of 3 shards these are missing: 1 [REPORT_SHARD_MISSING]",
    },
    {
      fault: "a file does not exist",
      files: () => [join(folder, "none.json")],
      code: 2,
      says: "PATH_NOT_FOUND",
    },
    { fault: "a folder is named", files: () => [folder], code: 2, says: "folder" },
    {
      fault: "a report was cut",
      files: () => [file("cut.ndjson", FORMATS.ndjson(WHOLE).slice(0, -2))],
      code: 3,
      says: "[REPORT_CUT] Run the audit again",
    },
    {
      fault: "the file is something else",
      files: () => [file("x.json", "{}")],
      code: 3,
      says: "x.json: line 1: this is no report",
    },
    {
      fault: "a report says something hostile",
      files: () => [file("y.json", '{"schema":"\\u001b[31m"}')],
      code: 3,
      says: "REPORT_INVALID",
    },
  ])("writes nothing where $fault", async ({ files, code, says }) => {
    const output = join(folder, "not-written.json");
    const outcome = await merge(...files(), "--output", output);
    expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(says) });
    expect(existsSync(output)).toBe(false);
  });

  test("never writes over a report that it reads", async () => {
    const path = file("same.json", FORMATS.json(WHOLE));
    expect(await merge(path, "--output", path)).toMatchObject({ code: 2 });
    expect(readFileSync(path, "utf8")).toBe(FORMATS.json(WHOLE));
  });
});
