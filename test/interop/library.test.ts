import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeIdentity, makeLibrary } from "../../bench/library.js";
import type { AuditReport, ImageReport } from "../../src/audit/index.ts";
import { buildCommand } from "./built-command.ts";
import { buildGuest } from "./guests/builder.ts";
import { GUESTS } from "./guests/matrix.ts";

const IMAGE_COUNT = 120;
const DAMAGED_EVERY = 15;
const MEMORY_MAX_BYTES = 400 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-library-"));
const images = join(folder, "images");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const guests: string[] = [];
let launcher = "";
let library: ReturnType<typeof makeLibrary>;

beforeAll(async () => {
  launcher = buildCommand(folder);
  mkdirSync(images);
  const cases = ["ws2008r2", "ws2012", "ws2012r2", "ws2019"].map(
    (os) => GUESTS.find(({ name }) => name.startsWith(`${os} `)) ?? GUESTS[0],
  );
  for (const [index, guest] of cases.entries()) {
    if (guest !== undefined) guests.push((await buildGuest(folder, index, guest)).image);
  }
  library = makeLibrary(guests, IMAGE_COUNT, images, DAMAGED_EVERY);
}, 300_000);

function vmguest(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
}

const audit = (...args: string[]) => vmguest("audit", images, "--jobs", "2", "--host", "ws2012r2", ...args);

const readJson = (path: string): AuditReport => JSON.parse(readFileSync(path, "utf8"));

/** The report of a copy as that of its original would be: another path, another identity, and nothing else. */
function asOriginal(report: ImageReport, copy: string, original: string): unknown {
  const text = JSON.stringify({ ...report, container: { ...report.container, dataWriteGuid: null } });
  return JSON.parse(text.replaceAll(copy, original));
}

describe("a library of images, some of them damaged", () => {
  test("has the report of each image that an audit of it alone gives, and one error for each damaged one", () => {
    const output = join(folder, "all.json");
    const { status, stderr } = audit("--format", "json", "--output", output, "--quiet", "--stats");
    expect(status).toBe(3);
    const stats = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
    expect(stats.images).toBe(IMAGE_COUNT);
    expect(stats.peakRssBytes).toBeLessThan(MEMORY_MAX_BYTES);

    const report = readJson(output);
    expect(report.images.map(({ path }) => path)).toEqual(library.paths);
    const failed = report.images.filter(({ error }) => error !== null).map(({ path }) => path);
    expect(failed).toEqual(library.damaged);
    expect(failed.length).toBe(IMAGE_COUNT / DAMAGED_EVERY);

    const alone = guests.map((guest) => {
      const { stdout } = vmguest("audit", guest, "--host", "ws2012r2", "--format", "json");
      const [image] = (JSON.parse(stdout) as AuditReport).images;
      return image === undefined ? undefined : asOriginal(image, guest, guest);
    });
    for (const [index, image] of report.images.entries()) {
      if (image.error !== null) continue;
      const original = guests[index % guests.length] ?? "";
      expect(asOriginal(image, image.path, original)).toEqual(alone[index % guests.length]);
    }
  });

  test("is the same from the cache, of which one changed image takes itself alone", () => {
    const cache = join(folder, "audits.cache");
    const run = (name: string) => {
      const output = join(folder, name);
      const { stderr } = audit("--cache", cache, "--output", output, "--events");
      const events = stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const audited = events.filter(({ event, isFromCache }) => event === "image-end" && !isFromCache);
      return { bytes: readFileSync(output), audited: audited.map(({ path }) => path) };
    };
    const first = run("first.json");
    expect(first.audited.toSorted()).toEqual(library.paths);
    const second = run("second.json");
    expect(second.audited).toEqual([]);
    expect(second.bytes).toEqual(first.bytes);

    const changed = library.paths[7] ?? "";
    changeIdentity(changed);
    const third = run("third.json");
    expect(third.audited).toEqual([changed]);
    const before: AuditReport = JSON.parse(first.bytes.toString());
    const after: AuditReport = JSON.parse(third.bytes.toString());
    expect(after.images[7]?.container?.dataWriteGuid).not.toBe(before.images[7]?.container?.dataWriteGuid);
    expect(after.images.toSpliced(7, 1)).toEqual(before.images.toSpliced(7, 1));
  });

  test.each(["json", "ndjson"])("in three shards is merged to the very bytes of one %s report", (format) => {
    const whole = join(folder, `whole.${format}`);
    audit("--format", format, "--output", whole);
    const parts = [1, 2, 3].map((number) => {
      const part = join(folder, `part-${number}.${format}`);
      audit("--format", format, "--output", part, "--shard", `${number}/3`);
      return part;
    });
    const merged = join(folder, `merged.${format}`);
    const { status } = vmguest(
      "report",
      "merge",
      ...parts.toReversed(),
      "--format",
      format,
      "--output",
      merged,
    );
    expect(status).toBe(3);
    expect(readFileSync(merged)).toEqual(readFileSync(whole));

    const incomplete = vmguest("report", "merge", ...parts.slice(1), "--output", `${merged}.incomplete`);
    expect(incomplete.status).not.toBe(0);
    expect(incomplete.stderr).toMatch(/REPORT_[A-Z_]*MISSING/);
  });

  test("says of each damaged image what is wrong with it, and names no other", () => {
    const { stderr } = audit("--format", "ndjson", "--output", join(folder, "all.ndjson"));
    for (const path of library.damaged) expect(stderr).toContain(basename(path));
    const sound = library.paths.filter((path) => !library.damaged.includes(path));
    for (const path of sound) expect(stderr).not.toContain(basename(path));
  });
});
