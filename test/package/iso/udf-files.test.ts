import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DiscImage } from "../../../src/package/index.ts";
import {
  AllocationExtent,
  CHARACTERISTICS,
  EXTENT_KIND,
  FILE_TYPE,
  FileEntry,
  FileIdentifier,
  ShortAllocation,
} from "../../../src/package/iso/udf/layout.ts";
import { type LabFolder, pattern } from "../../lab/disc-tree.ts";
import { seal } from "../../lab/udf/parts.ts";
import { PARTITION_BLOCK } from "../../lab/udf/volume.ts";
import { buildUdf, type LabUdfFile } from "../../lab/udf.ts";
import { code, contentOf, contentsIn, contentsOf, open, patched, paths, TREE, VastSource } from "./discs.ts";

import { BLOCK, changed, openFile, place, plain, withEntry } from "./udf-changes.ts";

describe("the extents of a file", () => {
  const content = pattern(20_000, 5);
  const holes = Uint8Array.from(content).fill(0, 2048, 8192).fill(0, 16_384, 18_432);
  const pieces = [2048, 2048, 4096, 8192, 2048];
  const kinds = { 1: EXTENT_KIND.allocated, 2: EXTENT_KIND.hole, 4: EXTENT_KIND.hole };
  const FILES: LabFolder<LabUdfFile> = {
    short: { content, pieces, allocation: "short" },
    long: { content, pieces, allocation: "long" },
    embedded: { content: content.subarray(0, 1500), allocation: "embedded" },
    "embedded and empty": { content: new Uint8Array(0), allocation: "embedded" },
    holes: { content: holes, pieces, holes: kinds },
    "long holes": { content: holes, pieces, holes: kinds, allocation: "long" },
    hole: { content: new Uint8Array(5000), holes: { 0: EXTENT_KIND.hole } },
    continued: { content: holes, pieces, holes: kinds, descriptorsPerBlock: 1 },
    "long continued": { content, pieces, allocation: "long", descriptorsPerBlock: 2 },
    "real time": { content, fileType: FILE_TYPE.realTime },
  };

  test.each([
    { isExtended: false, partition: "plain" },
    { isExtended: true, partition: "plain" },
    { isExtended: true, partition: "sparable" },
  ] as const)("may be of any kind ($partition, extended: $isExtended)", (kind) => {
    const disc = open(buildUdf({ tree: FILES, ...kind }).bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(FILES));
    expect(disc.findings).toEqual([]);
  });

  test("read any range as it was written, zeros where nothing was", () => {
    const source = openFile(buildUdf({ tree: FILES }).bytes, "continued");
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const view = source.read(start, end - start);
        const read = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
        expect(read.equals(holes.subarray(start, end))).toBe(true);
      }),
    );
    expect(() => source.read(19_999, 2)).toThrow(code("OUT_OF_BOUNDS"));
  });

  test("are not read by hundreds of megabytes at once, though they be holes", () => {
    const hole = ((EXTENT_KIND.hole << 30) | 0x3fff_f800) >>> 0;
    const bytes = withEntry("LAST.TXT", (entry) => {
      entry.sizeBytes = 0x3fff_f800;
      new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes).kindAndSize = hole;
    });
    const source = openFile(bytes, "last.txt");
    expect(source.read(0x3fff_0000, 8).getFloat64(0)).toBe(0);
    expect(() => source.read(0, source.sizeBytes)).toThrow(code("LIMIT_EXCEEDED"));
    expect(source.originOf?.(0, 100)).toBeUndefined();
  });

  test("may have more than 4 GiB in a hundred pieces", () => {
    // The largest extent of whole blocks: the size has 30 bits.
    const largest = 0x3fff_f800;
    const tree = { vast: { content: pattern(100 * BLOCK), pieces: Array.from({ length: 99 }, () => BLOCK) } };
    const bytes = withEntry(
      "vast",
      (entry) => {
        entry.sizeBytes = 99 * largest + 5000;
        for (let index = 0; index < 100; index++) {
          const at = entry.at + FileEntry.sizeBytes + index * ShortAllocation.sizeBytes;
          // Every other extent lies in front of the one before it.
          const block = 10_000_000 + (index ^ 1) * 600_000;
          Object.assign(new ShortAllocation(entry.view, at), { kindAndSize: largest, block });
        }
      },
      buildUdf({ tree }),
    );
    const disc = DiscImage.open(new VastSource(bytes));
    const entry = disc.find("vast") ?? expect.fail();
    expect(entry.sizeBytes).toBe(99 * largest + 5000);
    const source = disc.open(entry);
    for (const index of [0, 1, 4, 98]) {
      const start = (PARTITION_BLOCK + 10_000_000 + (index ^ 1) * 600_000) * BLOCK;
      expect(source.read(index * largest, 8).getFloat64(0)).toBe(start);
      expect(source.read((index + 1) * largest - BLOCK, 8).getFloat64(0)).toBe(start + largest - BLOCK);
    }
  });

  test("behind the end of the file are left out", () => {
    const bytes = withEntry("LAST.TXT", (entry) => {
      entry.sizeBytes = 3;
    });
    expect(contentOf(openFile(bytes, "last.txt")).toString()).toBe("the");
  });

  test.each([
    { what: "are shorter than it", sizeBytes: 12_346, message: "12346 bytes, but only 12345" },
    { what: "are far shorter than it", sizeBytes: 2 ** 52, message: "only 12345" },
  ])("that $what throw UDF_ALLOCATION", ({ sizeBytes, message }) => {
    const bytes = withEntry("SUPPORT/AMD64/WINDOWS6.CAB", (entry) => {
      entry.sizeBytes = sizeBytes;
    });
    expect(() => openFile(bytes, "support/amd64/windows6.cab")).toThrow(code("UDF_ALLOCATION", message));
  });

  test("of more than 2^53 bytes are VALUE_TOO_LARGE, with the place", () => {
    const bytes = changed("entry:LAST.TXT", (view, at) => view.setBigUint64(at + 56, 2n ** 60n, true));
    expect(() => open(bytes).find("last.txt")).toThrow(code("VALUE_TOO_LARGE"));
    const disc = open(bytes);
    expect(paths(disc)).not.toContain("LAST.TXT");
    expect(disc.findings).toMatchObject([{ where: { path: "LAST.TXT", offset: place("entry:LAST.TXT") } }]);
  });

  test.each([
    { what: "beyond the image", block: 0x00ff_ffff, expected: "DISC_TRUNCATED" },
    { what: "beyond any image", block: 0xffff_ffff, expected: "DISC_TRUNCATED" },
  ])("$what are $expected", ({ block, expected }) => {
    const bytes = withEntry("LAST.TXT", (entry) => {
      new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes).block = block;
    });
    expect(() => openFile(bytes, "last.txt")).toThrow(code(expected));
  });

  test("in a partition that is not there are UDF_VOLUME", () => {
    const udf = buildUdf({ tree: FILES });
    const bytes = withEntry(
      "long",
      (entry) => entry.view.setUint16(entry.at + FileEntry.sizeBytes + 8, 7, true),
      udf,
    );
    expect(() => openFile(bytes, "long")).toThrow(code("UDF_VOLUME", "partition reference 7"));
  });

  test.each([
    { what: "extended allocation descriptors", change: { flags: 2 }, message: "extended allocation" },
    { what: "allocation of an unknown kind", change: { flags: 7 }, message: "extended allocation" },
    { what: "a chain of entries", change: { strategy: 4096 }, message: "strategy 4096" },
  ])("with $what are UDF_UNSUPPORTED", ({ change, message }) => {
    const bytes = withEntry("LAST.TXT", ({ icb }) => Object.assign(icb, change));
    expect(() => openFile(bytes, "last.txt")).toThrow(code("UDF_UNSUPPORTED", message));
  });

  test.each([
    { what: "allocation descriptors", change: { allocationSizeBytes: 5000 } },
    { what: "extended attributes", change: { attributesSizeBytes: 0xffff_ffff } },
  ])("whose $what do not fit into the block are UDF_FILE_ENTRY", ({ change }) => {
    const bytes = withEntry("LAST.TXT", (entry) => Object.assign(entry, change));
    expect(() => open(bytes).find("last.txt")).toThrow(code("UDF_FILE_ENTRY"));
  });

  test("that are continued in a circle are UDF_ALLOCATION", () => {
    const udf = buildUdf({ tree: FILES });
    const bytes = udf.bytes.slice();
    const entry = new FileEntry(new DataView(bytes.buffer), place("entry:continued", udf));
    // The second allocation descriptor is the continuation; its last one is made to lead back to it.
    const { block } = new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes + 8);
    const at = (PARTITION_BLOCK + block) * BLOCK;
    const extent = new AllocationExtent(entry.view, at);
    new ShortAllocation(entry.view, at + AllocationExtent.sizeBytes + extent.sizeBytes - 8).block = block;
    seal(bytes, at);
    expect(() => openFile(bytes, "continued")).toThrow(code("UDF_ALLOCATION", "back to themselves"));
  });

  test("that are continued beyond a block, or in nothing, are refused", () => {
    const udf = buildUdf({ tree: FILES });
    const entryAt = place("entry:continued", udf);
    const { block } = new ShortAllocation(new DataView(udf.bytes.buffer), entryAt + FileEntry.sizeBytes + 8);
    const bytes = udf.bytes.slice();
    const at = (PARTITION_BLOCK + block) * BLOCK;
    new AllocationExtent(new DataView(bytes.buffer), at).sizeBytes = 2025;
    seal(bytes, at);
    expect(() => openFile(bytes, "continued")).toThrow(code("UDF_ALLOCATION", "do not fit"));
    expect(() => openFile(bytes.slice().fill(0, at, at + BLOCK), "continued")).toThrow(code("UDF_TAG"));
  });

  test("may not have their file entry in a hole of the metadata file, or behind its end", () => {
    const udf = buildUdf({ tree: TREE, partition: "metadata" });
    const bytes = udf.bytes.slice();
    for (const name of ["metadata file", "metadata mirror"]) {
      const at = place(name, udf);
      const second = new ShortAllocation(new DataView(bytes.buffer), at + FileEntry.sizeBytes + 8);
      second.kindAndSize = (second.kindAndSize | (EXTENT_KIND.hole << 30)) >>> 0;
      seal(bytes, at);
    }
    // Block 12 is one of the second half of the file.
    for (const [block, message] of [
      [12, "not recorded"],
      [9999, "not in the metadata file"],
    ] as const) {
      const at = place("name:LAST.TXT", udf);
      new FileIdentifier(new DataView(bytes.buffer), at).icb.block = block;
      seal(bytes, at);
      expect(() => open(bytes).find("last.txt")).toThrow(code("UDF_ALLOCATION", message));
    }
  });
});

describe("a directory", () => {
  const withName = (path: string, change: (identifier: FileIdentifier) => void, udf = plain) =>
    changed(`name:${path}`, (view, at) => change(new FileIdentifier(view, at)), udf);

  test("leaves out what was deleted", () => {
    const bytes = withName("EMPTY", (identifier) => {
      identifier.characteristics = CHARACTERISTICS.deleted;
    });
    expect(paths(open(bytes))).not.toContain("EMPTY");
  });

  test("shows what is hidden", () => {
    const bytes = withName("EMPTY", (identifier) => {
      identifier.characteristics = CHARACTERISTICS.hidden;
    });
    expect(paths(open(bytes))).toContain("EMPTY");
  });

  test.each([
    { what: "a name of no known width", at: 38, value: 9, expected: "UDF_DIRECTORY", message: "9 bits" },
    {
      what: "an entry beyond its end",
      at: 36,
      value: 0xff,
      expected: "UDF_DIRECTORY",
      message: "the directory ends",
    },
  ])("with $what is $expected", ({ at, value, expected, message }) => {
    const bytes = changed("name:LAST.TXT", (view, start) => view.setUint8(start + at, value));
    expect(() => open(bytes)).toThrow(code(expected, message));
  });

  test("gives what stands in front of a damaged entry, and what the others hold", () => {
    const bytes = patched(plain.bytes, place("name:SUPPORT/X86") + 4, 0xff);
    const disc = open(bytes);
    expect(disc.find("support/amd64/setup.exe")?.sizeBytes).toBe(5000);
    expect(() => disc.find("support/x86")).toThrow(code("UDF_TAG"));
    expect(paths(disc)).toEqual([
      "AUTORUN.INF",
      "EMPTY",
      "SUPPORT",
      "SUPPORT/AMD64",
      "SUPPORT/AMD64/SETUP.EXE",
      "SUPPORT/AMD64/WINDOWS6.CAB",
      "LAST.TXT",
    ]);
    expect(disc.findings).toMatchObject([{ code: "UDF_TAG", where: { path: "SUPPORT" } }]);
  });

  test("leaves out an entry whose file entry is damaged, with its path", () => {
    const disc = open(patched(plain.bytes, place("entry:SUPPORT/X86") + 4, 0xff));
    expect(paths(disc)).toContain("SUPPORT/NONE");
    expect(paths(disc)).not.toContain("SUPPORT/X86");
    expect(disc.findings).toMatchObject([{ code: "UDF_TAG", where: { path: "SUPPORT/X86" } }]);
  });

  test("in itself is listed once", () => {
    const bytes = withName("SUPPORT/NONE", ({ icb }) => {
      icb.block = 1;
    });
    const disc = open(bytes);
    expect(paths(disc)).toContain("SUPPORT/NONE");
    expect(paths(disc)).toHaveLength(10);
    expect(disc.findings).toMatchObject([{ code: "DISC_LOOP", where: { path: "SUPPORT/NONE" } }]);
  });

  test("of more than 16 MiB is refused, though it be a hole", () => {
    const hole = (sizeBytes: number) =>
      withEntry("SUPPORT/NONE", (entry) => {
        entry.sizeBytes = sizeBytes;
        const [first, second] = [0, 8].map(
          (at) => new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes + at),
        );
        for (const extent of [first, second]) {
          if (extent !== undefined) extent.kindAndSize = ((EXTENT_KIND.hole << 30) | 0x3fff_f800) >>> 0;
        }
        entry.allocationSizeBytes = 16;
      });
    expect(() => open(hole(2 ** 30)).find("support/none/x")).toThrow(code("LIMIT_EXCEEDED"));
    // A smaller one is refused at its first entry.
    expect(() => open(hole(2 ** 20)).find("support/none/x")).toThrow(code("UDF_TAG"));
  });

  test.each([
    { fileType: FILE_TYPE.link, type: "link" },
    { fileType: 6, type: "device" },
    { fileType: 9, type: "device" },
    { fileType: 248, type: "device" },
    { fileType: FILE_TYPE.realTime, type: "file" },
  ])("tells a $type by file type $fileType", ({ fileType, type }) => {
    const disc = open(buildUdf({ tree: { x: { content: pattern(10), fileType } } }).bytes);
    expect(disc.find("x")).toMatchObject({ type, sizeBytes: type === "file" ? 10 : 0 });
  });
});
