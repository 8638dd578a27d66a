import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FileSource, MemorySource, SliceSource } from "../../src/io/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-origin-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "content.bin");
writeFileSync(path, new Uint8Array(10_000));

test("bytes of a file have their origin in it", () => {
  using file = FileSource.open(path);
  expect(file.originOf(5000, 5000)).toEqual({ file: path, offset: 5000 });
});

test("bytes of a slice have the origin of what they are a part of", () => {
  using file = FileSource.open(path);
  const slice = new SliceSource(new SliceSource(file, 1000, 2000), 100, 50);
  expect(slice.originOf(10, 40)).toEqual({ file: path, offset: 1110 });
});

test("bytes in memory have none, nor has a slice of them", () => {
  const slice = new SliceSource(new MemorySource(new Uint8Array(100)), 10, 50);
  expect(slice.originOf(0, 50)).toBeUndefined();
});

test("past the end there is no origin to ask for", () => {
  using file = FileSource.open(path);
  const slice = new SliceSource(file, 0, 50);
  expect(() => slice.originOf(40, 11)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
  expect(() => file.originOf(9999, 2)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
});
