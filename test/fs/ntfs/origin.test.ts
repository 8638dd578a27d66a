import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { type ByteSource, FileSource, readBytes } from "../../../src/io/index.ts";
import { buildNtfs } from "../../lab/ntfs.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-ntfs-origin-"));
const path = join(folder, "volume");

/** The end of it can be compressed. */
const content = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >>> 5).fill(7, 70_000);
writeFileSync(
  path,
  buildNtfs({
    files: {
      resident: { content: content.subarray(0, 600), storage: "resident" },
      clusters: { content, storage: "clusters" },
      fragmented: { content, storage: "fragmented", pieceClusters: 2 },
      sparse: { content, storage: "sparse" },
      "half written": { content, storage: "clusters", initializedSizeBytes: 50_000 },
      compressed: { content, storage: "compressed" },
    },
  }),
);
const bytes = readFileSync(path);
const file = FileSource.open(path);
const volume = openNtfs(file);
afterAll(() => {
  file.close();
  rmSync(folder, { recursive: true });
});

const open = (name: string): ByteSource => volume.require(name).open();

describe("where a range of a file has an origin, the volume has its bytes there", () => {
  test.each(["resident", "clusters", "fragmented", "sparse", "half written", "compressed"])("%s", (name) => {
    const source = open(name);
    fc.assert(
      fc.property(fc.nat(source.sizeBytes - 1), fc.integer({ min: 1, max: 9000 }), (offset, wanted) => {
        const length = Math.min(wanted, source.sizeBytes - offset);
        const origin = source.originOf?.(offset, length);
        if (origin === undefined) return;
        expect(origin.file).toBe(path);
        const there = bytes.subarray(origin.offset, origin.offset + length);
        expect(Buffer.compare(there, readBytes(source, offset, length))).toBe(0);
      }),
    );
  });
});

describe("a range has an origin exactly where it is in one piece", () => {
  test.each([
    { name: "resident", offset: 0, length: 20, isOne: true },
    { name: "clusters", offset: 4000, length: 90_000, isOne: true },
    { name: "fragmented", offset: 0, length: 8192, isOne: true },
    { name: "fragmented", offset: 8000, length: 200, isOne: false },
    { name: "half written", offset: 49_000, length: 1000, isOne: true },
    { name: "half written", offset: 49_000, length: 1001, isOne: false },
    { name: "compressed", offset: 0, length: 16, isOne: false },
    { name: "clusters", offset: 0, length: 0, isOne: false },
  ])("$name from $offset, $length bytes: $isOne", ({ name, offset, length, isOne }) => {
    expect(open(name).originOf?.(offset, length) !== undefined).toBe(isOne);
  });

  test("and no fix-up of its FILE record is in it", () => {
    const source = open("resident");
    const known = Array.from({ length: 600 }, (_, offset) => source.originOf?.(offset, 1) !== undefined);
    expect(known.filter((isKnown) => !isKnown)).toHaveLength(2);
    const first = known.indexOf(false);
    expect(source.originOf?.(first - 1, 4)).toBeUndefined();
    expect(source.originOf?.(first + 2, 4)).toBeDefined();
  });
});
