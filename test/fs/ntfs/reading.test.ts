import { describe, expect, test } from "vitest";
import { openNtfs, readNtfsState } from "../../../src/fs/index.ts";
import { type Backing, type ByteSource, PageCache } from "../../../src/io/index.ts";
import { walk } from "../../lab/ntfs/listing.ts";
import { buildNtfs } from "../../lab/ntfs.ts";

const PAGE = 4096;

/** A page cache over a volume that says which pages were fetched. */
function cached(bytes: Uint8Array): { source: ByteSource; pagesRead: () => number } {
  const pages = new Set<number>();
  const backing: Backing = {
    sizeBytes: bytes.length,
    readInto: (target, offset) => {
      target.set(bytes.subarray(offset, offset + target.length));
      for (let at = 0; at < target.length; at += PAGE) pages.add((offset + at) / PAGE);
    },
  };
  return {
    source: new PageCache(backing, { pageSizeBytes: PAGE, capacityBytes: 2 ** 26 }),
    pagesRead: () => pages.size,
  };
}

describe("reading little", () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `${(index * 7919) % 20_011}`.padStart(8, "x"));
  const volume = buildNtfs({
    files: {
      "Windows/System32/config/SOFTWARE": { content: new Uint8Array(300_000), storage: "clusters" },
      "Windows/System32/it": { bareLinks: names.map((name) => `Windows/System32/${name}`) },
    },
  });

  test("opening a volume takes its boot sector and the page of its first records", () => {
    const { source, pagesRead } = cached(volume);
    openNtfs(source);
    expect(pagesRead()).toBe(2);
  });

  test("its state takes a few pages, however long the log and hiberfil.sys are", () => {
    const { source, pagesRead } = cached(buildNtfs({ files: { "hiberfil.sys": new Uint8Array(2 ** 20) } }));
    readNtfsState(openNtfs(source));
    // Besides the two: restart pages, root, $UpCase's record and one page of it, the record of hiberfil.sys, its start.
    expect(pagesRead()).toBeLessThanOrEqual(2 + 8);
  });

  test("finding a file in a folder of 20,000 takes a page for each level of the tree", () => {
    const { source, pagesRead } = cached(volume);
    const opened = openNtfs(source);
    expect(opened.find("Windows/System32/config/SOFTWARE")?.sizeBytes).toBe(300_000);
    const first = pagesRead();
    // Boot, four pages of records, one of $UpCase; a block of the root's index, three levels of System32's.
    expect(first).toBeLessThanOrEqual(10);
    for (const name of names.slice(0, 10)) expect(opened.find(`windows/system32/${name}`)).toBeDefined();
    expect(pagesRead() - first).toBeLessThanOrEqual(20);
    const again = pagesRead();
    expect(opened.find("windows\\system32\\CONFIG\\software")?.path).toBe("Windows/System32/config/SOFTWARE");
    expect(pagesRead()).toBe(again);
  });

  test("four bytes of a long file take a page", () => {
    const { source, pagesRead } = cached(volume);
    const data = openNtfs(source).require("Windows/System32/config/SOFTWARE").open();
    const before = pagesRead();
    data.read(200_000, 4);
    expect(pagesRead() - before).toBe(1);
  });
});

test("reading changes no byte of what it reads, though records are repaired in memory", () => {
  const content = new Uint8Array(100_000).fill(0x42);
  const bytes = buildNtfs({
    mftPieces: 3,
    mftAttributeList: "clusters",
    files: {
      "pieces.bin": { content, storage: "fragmented", attributeList: "resident", runsPerExtent: 5 },
      "packed.bin": { content, storage: "compressed" },
      "stale.bin": { content, storage: "clusters", initializedSizeBytes: 10_000 },
      d: { isDirectory: true, fanOut: 2 },
      "d/x": { bareLinks: Array.from({ length: 30 }, (_, index) => `d/${index}`) },
    },
  });
  const original = bytes.slice();
  const { source } = cached(bytes);
  const pages: DataView[] = [];
  for (let at = 0; at < bytes.length; at += PAGE)
    pages.push(source.read(at, Math.min(PAGE, bytes.length - at)));

  const volume = openNtfs(source);
  readNtfsState(volume);
  for (const node of walk(volume.root))
    if (!node.isDirectory && node.sizeBytes > 0) node.open().read(0, node.sizeBytes);

  for (const [index, page] of pages.entries()) {
    const held = new Uint8Array(page.buffer, page.byteOffset, page.byteLength);
    expect(Buffer.compare(held, original.subarray(index * PAGE, index * PAGE + held.length))).toBe(0);
  }
});
