import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { formatJson } from "../../src/report/index.ts";
import { FORMATS } from "../audit/stored/stored.ts";
import { guest, image, report } from "../report/reports.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-diff-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const SCHEMA = join(import.meta.dirname, "../../docs/schema/diff-1.schema.json");

const web = (status: "current" | "outdated" | "unknown") =>
  image({ path: "/a/web01.vhdx", guests: [guest({ verdict: { status } })] });

const current = file("current.json", FORMATS.json(report(web("current"))));
const outdated = file("outdated.ndjson", FORMATS.ndjson(report(web("outdated"))));
const more = file("more.json", FORMATS.json(report(web("current"), image({ path: "/b/more.vhdx" }))));
const moved = file(
  "moved.json",
  FORMATS.json(report(image({ ...web("current"), path: "/b/web01.vhdx", guests: web("current").guests }))),
);

const diff = (...argv: string[]) => run(["report", "diff", ...argv]);

describe("report diff", () => {
  test("tells people what changed", async () => {
    const { code, stdout, stderr } = await diff(current, outdated);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("WORSE (1 image)\n  /a/web01.vhdx\n    worse  status: current -> outdated\n");
  });

  test("tells programs, as the schema says", async () => {
    const { stdout } = await diff(current, outdated, "--format", "json");
    const valid = new Ajv2020().compile(JSON.parse(readFileSync(SCHEMA, "utf8")));
    expect(valid(JSON.parse(stdout))).toBe(true);
    expect(stdout).toBe(formatJson(JSON.parse(stdout)));
    expect(JSON.parse(stdout).images[0].changes[0]).toMatchObject({ before: "current", after: "outdated" });
  });

  test("tells a pipeline, into a file", async () => {
    const output = join(folder, "summary.md");
    expect(await diff(current, outdated, "--format", "markdown", "--output", output)).toMatchObject({
      code: 0,
      stdout: "",
    });
    expect(readFileSync(output, "utf8")).toContain("**worse** status: `current` → `outdated`");
  });

  test.each([
    { old: current, now: current, failOn: "changed,worse", code: 0, says: "" },
    { old: current, now: outdated, failOn: "worse", code: 1, says: "worse" },
    { old: current, now: outdated, failOn: "changed,worse", code: 1, says: "changed, worse" },
    { old: outdated, now: current, failOn: "worse", code: 0, says: "" },
    { old: outdated, now: current, failOn: "changed", code: 1, says: "changed" },
    { old: current, now: more, failOn: "worse", code: 0, says: "" },
    { old: current, now: more, failOn: "changed", code: 1, says: "changed" },
    { old: more, now: current, failOn: "changed", code: 1, says: "changed" },
  ])("ends with $code with --fail-on $failOn", async ({ old, now, failOn, code, says }) => {
    const outcome = await diff(old, now, "--fail-on", failOn);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toBe(says === "" ? "" : `vmguest: found what --fail-on forbids: ${says}\n`);
  });

  test("compares a library that lies elsewhere now", async () => {
    expect((await diff(current, moved, "--fail-on", "changed")).code).toBe(1);
    expect(await diff(current, moved, "--fail-on", "changed", "--strip-prefix", "/a,/b")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing changed: 1 image."),
    });
  });

  test.each([
    { argv: [current], code: 2, says: "new" },
    { argv: [current, join(folder, "none.json")], code: 2, says: "PATH_NOT_FOUND" },
    { argv: [current, file("no.json", "[]")], code: 3, says: "REPORT_INVALID" },
    { argv: [current, outdated, "--output", current], code: 2, says: "one of the files to be read" },
    { argv: [current, outdated, "--fail-on", "better"], code: 2, says: "changed, worse" },
  ])("ends with $code: $says", async ({ argv, code, says }) => {
    expect(await diff(...argv)).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(says) });
  });

  test("takes the width of the terminal, and its colours", async () => {
    const { stdout } = await run(["report", "diff", current, outdated], {
      terminal: 50,
      env: { FORCE_COLOR: "1" },
    });
    expect(stdout).toContain("\x1b[31mworse\x1b[39m");
    expect(
      Math.max(
        ...stdout
          .split("\n")
          .filter((line) => !line.includes("\x1b"))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(50);
  });
});
