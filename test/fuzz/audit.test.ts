import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { assembleReport, auditImage, type ImageReport } from "../../src/audit/index.ts";
import { readFixture } from "../support/fixtures.ts";
import { mutations, RecordedReads, seededRandom, structuresIn, withMutations } from "./mutation.ts";

/** Seconds for the whole suite; a longer hunt sets the variable. */
const SECONDS = Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60);
const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);

/** No audit of these small images may take longer or make the process larger, whatever their bytes say. */
const LONGEST_MS = 10_000;
const MEMORY_MAX_BYTES = 512 * 1024 * 1024;

const SAMPLES = join(import.meta.dirname, "../../samples");
const sample = (name: string) => brotliDecompressSync(readFileSync(join(SAMPLES, `${name}.br`)));

const IMAGES: { name: string; bytes: () => Buffer }[] = [
  { name: "web01-2008r2.vhdx", bytes: () => sample("web01-2008r2.vhdx") },
  { name: "app02-2012r2.vhdx", bytes: () => sample("app02-2012r2.vhdx") },
  { name: "pc03-win10.vhdx", bytes: () => sample("pc03-win10.vhdx") },
  { name: "discutils-vhdx-log-replay.vhdx", bytes: () => readFixture("vhdx/discutils-vhdx-log-replay.vhdx") },
  { name: "dfvfs-ntfs-dynamic.vhdx", bytes: () => readFixture("vhdx/dfvfs-ntfs-dynamic.vhdx") },
  { name: "ntfs-differential.vhdx", bytes: () => readFixture("vhdx/ntfs-differential.vhdx") },
  { name: "dfvfs-ntfs-dynamic.vhd", bytes: () => readFixture("vhd/dfvfs-ntfs-dynamic.vhd") },
  { name: "ntfs-parent.vhd", bytes: () => readFixture("vhd/ntfs-parent.vhd") },
  { name: "go-ntfs-charlie.dd", bytes: () => readFixture("ntfs/go-ntfs-charlie.dd") },
  { name: "dfvfs-gpt.raw", bytes: () => readFixture("part/dfvfs-gpt.raw") },
  { name: "dfvfs-mbr.raw", bytes: () => readFixture("part/dfvfs-mbr.raw") },
];

const folder = mkdtempSync(join(tmpdir(), "vmguest-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/schema/audit-1.schema.json"), "utf8"),
);
const isValid = new Ajv2020({ strict: false }).compile(schema);

function audit(path: string, stats?: RecordedReads): ImageReport {
  return auditImage(path, stats === undefined ? { host: "ws2012r2" } : { host: "ws2012r2", stats });
}

/** What is wrong with the outcome of auditing a damaged image, or undefined. */
function complaint(report: ImageReport, elapsedMs: number): string | undefined {
  if (report.error?.code === "INTERNAL") return `untyped: ${report.error.message}`;
  if (elapsedMs > LONGEST_MS) return `took ${Math.round(elapsedMs)} ms`;
  if (process.memoryUsage().rss > MEMORY_MAX_BYTES)
    return `memory grew to ${process.memoryUsage().rss} bytes`;
  const whole = assembleReport([report], { host: "ws2012r2", toolVersion: "0" });
  return isValid(JSON.parse(JSON.stringify(whole)))
    ? undefined
    : `report breaks the schema: ${JSON.stringify(isValid.errors)}`;
}

describe("an image with damaged bytes gives a report or a typed error, in bounded time and memory", () => {
  test.each(IMAGES)("$name", ({ name, bytes }) => {
    const path = join(folder, name);
    const original = bytes();
    writeFileSync(path, original);
    const reads = new RecordedReads();
    const sound = JSON.stringify(audit(path, reads));
    const structures = structuresIn(original, reads.ranges);
    const random = seededRandom(SEED);
    const end = performance.now() + (SECONDS * 1000) / IMAGES.length;
    let rounds = 0;
    while (performance.now() < end) {
      // Most changes hit structures; the others anything that an audit reads.
      const changes = mutations(random, random(4) > 0 && structures.length > 0 ? structures : reads.ranges);
      const start = performance.now();
      const report = withMutations(path, changes, () => audit(path));
      const fault = complaint(report, performance.now() - start);
      const told = changes.map((change) => `${change.offset}:${Buffer.from(change.bytes).toString("hex")}`);
      expect(fault, `seed ${SEED}, round ${rounds}, ${name} ${told.join(" ")}`).toBeUndefined();
      rounds++;
    }
    expect(rounds).toBeGreaterThan(0);
    expect(JSON.stringify(audit(path)), "the file is put back as it was").toBe(sound);
    rmSync(path);
  });
});
