import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { auditImage, type ImageReport } from "../../src/audit/index.ts";
import { readFixture } from "../support/fixtures.ts";
import { type Mutation, seededRandom, withMutations } from "./mutation.ts";

const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);
/** Flipped bits per structure: enough to meet every field. */
const FLIPS = 60;
const KIB = 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-checksums-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Protected {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

interface Image {
  readonly name: string;
  readonly bytes: Buffer;
  readonly structures: readonly Protected[];
}

const VHDX: readonly Protected[] = [
  { name: "header 1", offset: 64 * KIB, length: 4 * KIB },
  { name: "header 2", offset: 128 * KIB, length: 4 * KIB },
  { name: "region table 1", offset: 192 * KIB, length: 64 * KIB },
  { name: "region table 2", offset: 256 * KIB, length: 64 * KIB },
];

const sample = brotliDecompressSync(
  readFileSync(join(import.meta.dirname, "../../samples/app02-2012r2.vhdx.br")),
);
const dirty = readFixture("vhdx/discutils-vhdx-log-replay.vhdx");
const gpt = sample.indexOf("EFI PART");
const logEntry = dirty.indexOf("loge");

const IMAGES: readonly Image[] = [
  {
    name: "a sample",
    bytes: sample,
    structures: [
      ...VHDX,
      { name: "GPT header", offset: gpt, length: 92 },
      { name: "GPT entries", offset: gpt + 512, length: 16 * KIB },
    ],
  },
  {
    name: "a VHDX whose log must be replayed",
    bytes: dirty,
    // An entry with a bad checksum ends the log there, as a torn write does; then older contents are right.
    structures: [...VHDX, { name: "first log entry", offset: logEntry, length: 4 * KIB }],
  },
];

/** Without the GUID of the last write: QEMU gives each header copy one of its own, so it goes with the copy that is left. */
const facts = ({ container, partitionTable, volumes, guests }: ImageReport) =>
  JSON.stringify({ container: { ...container, dataWriteGuid: null }, partitionTable, volumes, guests });

const audit = (path: string) => auditImage(path, { host: "ws2012r2" });

const CASES = IMAGES.flatMap(({ name, bytes, structures }) =>
  structures.map((structure) => ({ image: name, bytes, ...structure })),
);

describe("a flipped bit under a checksum never changes a fact: the same facts, or a typed error", () => {
  test.each(CASES)("$name of $image", ({ bytes, offset, length }) => {
    expect(offset).toBeGreaterThan(0);
    const path = join(folder, "image");
    writeFileSync(path, bytes);
    const sound = facts(audit(path));
    const random = seededRandom(SEED);
    for (let flip = 0; flip < FLIPS; flip++) {
      const at = offset + random(length);
      const change: Mutation = { offset: at, bytes: Uint8Array.of((bytes[at] ?? 0) ^ (1 << random(8))) };
      const report = withMutations(path, [change], () => audit(path));
      if (report.error === null) expect(facts(report), `bit at 0x${at.toString(16)}`).toBe(sound);
      else expect(report.error.code, `bit at 0x${at.toString(16)}`).not.toBe("INTERNAL");
    }
  });
});
