import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Backing,
  type ByteSource,
  copyBytes,
  FileSource,
  MemorySource,
  PageCache,
  ReadStats,
  readBytes,
  SliceSource,
} from "../../src/io/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-io-"));
afterAll(() => rmSync(folder, { recursive: true }));

const content = Uint8Array.from({ length: 50_001 }, (_, index) => (index * 7919) >>> 5);
const path = join(folder, "content.bin");
writeFileSync(path, content);

function backingOf(bytes: Uint8Array, log: [number, number][] = []): Backing {
  return {
    sizeBytes: bytes.byteLength,
    readInto: (target, offset) => {
      log.push([offset, target.byteLength]);
      target.set(bytes.subarray(offset, offset + target.byteLength));
    },
  };
}

const SOURCES: { name: string; open: () => ByteSource }[] = [
  { name: "memory", open: () => new MemorySource(content) },
  {
    name: "slice",
    open: () => new SliceSource(new MemorySource(Uint8Array.of(1, 2, 3, ...content, 4)), 3, content.length),
  },
  {
    name: "tiny pages",
    open: () => new PageCache(backingOf(content), { pageSizeBytes: 64, capacityBytes: 640 }),
  },
  { name: "file", open: () => FileSource.open(path) },
];

describe.each(SOURCES)("a $name source", ({ open }) => {
  const source = open();

  test("gives the bytes of any range", () => {
    fc.assert(
      fc.property(fc.nat(content.length), fc.nat(9000), (offset, length) => {
        const end = Math.min(content.length, offset + length);
        // Far faster than an equality that looks at every element.
        expect(Buffer.compare(readBytes(source, offset, end - offset), content.subarray(offset, end))).toBe(
          0,
        );
      }),
    );
  });

  test.each([
    { offset: content.length, length: 1 },
    { offset: -1, length: 1 },
    { offset: 0, length: content.length + 1 },
    { offset: 5, length: -1 },
  ])("refuses $length bytes at $offset", ({ offset, length }) => {
    expect(() => source.read(offset, length)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
  });

  test("hands out copies that may be changed", () => {
    copyBytes(source, 100, 8).fill(0);
    expect(readBytes(source, 100, 8)).toEqual(content.subarray(100, 108));
  });
});

describe("the page cache", () => {
  test("reads a page once, and neighbouring pages together", () => {
    const log: [number, number][] = [];
    const cache = new PageCache(backingOf(content, log), { pageSizeBytes: 1024 });
    cache.read(1500, 10);
    cache.read(1030, 500);
    cache.read(0, 4096);
    expect(log).toEqual([
      [1024, 1024],
      [0, 1024],
      [2048, 2048],
    ]);
  });

  test("holds no more than its bound and drops the page used longest ago", () => {
    const log: [number, number][] = [];
    const cache = new PageCache(backingOf(content, log), { pageSizeBytes: 1024, capacityBytes: 2048 });
    for (const page of [0, 1, 0, 2, 0, 1]) cache.read(page * 1024, 4);
    expect([...cache.cachedPages()]).toHaveLength(2);
    expect(log.map(([offset]) => offset / 1024)).toEqual([0, 1, 2, 1]);
  });

  test("leaves a view valid after its page was dropped", () => {
    const cache = new PageCache(backingOf(content), { pageSizeBytes: 64, capacityBytes: 64 });
    const view = cache.read(10, 4);
    for (let page = 1; page < 20; page++) cache.read(page * 64, 4);
    expect(view.getUint8(0)).toBe(content[10]);
  });
});

describe("a file source", () => {
  test("counts what reaches the file", () => {
    const stats = new ReadStats();
    const file = FileSource.open(path, { stats });
    file.read(0, 10);
    file.read(10, 10);
    file.close();
    expect(stats).toEqual({ reads: 1, bytesRead: 4096 });
  });

  test.each([
    { what: "a file that does not exist", path: join(folder, "none"), says: "no such file" },
    { what: "a folder", path: folder, says: "not a regular file" },
  ])("of $what is IO_OPEN", ({ path, says }) => {
    expect(() => FileSource.open(path)).toThrow(expect.objectContaining({ code: "IO_OPEN", message: says }));
  });

  test("that shrinks while it is read is IO_CHANGED, and so is one that was touched", () => {
    const shrinking = join(folder, "shrinking.bin");
    writeFileSync(shrinking, content);
    const file = FileSource.open(shrinking);
    file.checkUnchanged();
    truncateSync(shrinking, 100);
    expect(() => file.read(20_000, 10)).toThrow(expect.objectContaining({ code: "IO_CHANGED" }));
    expect(() => file.checkUnchanged()).toThrow(expect.objectContaining({ code: "IO_CHANGED" }));
    file.close();
  });
});
