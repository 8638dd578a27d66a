import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { assembleReport, auditImage, type ImageReport } from "../../src/audit/index.ts";
import { fixturesIn, unpackFixture } from "../support/fixtures.ts";
import { mutations, RecordedReads, seededRandom, structuresIn, withMutations } from "./mutation.ts";

/** Seconds for the whole suite; a longer hunt sets the variable. */
const SECONDS = Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60);
const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);

/** No audit of these small images may take longer or make the process larger, whatever their bytes say. */
const LONGEST_MS = 10_000;
const MEMORY_MAX_BYTES = 512 * 1024 * 1024;

const SAMPLES = join(import.meta.dirname, "../../samples");
const sample = (name: string) => brotliDecompressSync(readFileSync(join(SAMPLES, `${name}.br`)));

const SAMPLE_NAMES = ["web01-2008r2.vhdx", "app02-2012r2.vhdx", "pc03-win10.vhdx"];
/** Parts of a volume and other systems' containers: an audit has nothing to read in them. */
const NO_IMAGES = /plaso-MFT|\.qcow2$/;

const IMAGES: { name: string; unpack: (target: string) => unknown }[] = [
  ...SAMPLE_NAMES.map((name) => ({ name, unpack: (target: string) => writeFileSync(target, sample(name)) })),
  ...["vhdx", "vhd", "part", "ntfs"]
    .flatMap(fixturesIn)
    .filter((name) => !NO_IMAGES.test(name))
    .map((name) => ({ name, unpack: (target: string) => unpackFixture(name, target) })),
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
  test.each(IMAGES)("$name", async ({ name, unpack }) => {
    const path = join(folder, basename(name));
    await unpack(path);
    const reads = new RecordedReads();
    const sound = JSON.stringify(audit(path, reads));
    const structures = structuresIn(path, reads.ranges);
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
