// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openVhd } from "../../src/disk/index.ts";
import { VhdDynamicHeader, VhdFooter } from "../../src/disk/vhd/layout.ts";
import type { Code, VmguestError } from "../../src/errors.ts";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { VhdImage, vhdOf } from "../lab/vhd.ts";

const MIB = 1024 * 1024;

function patterned(seed: number, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(sizeBytes / 4);
  for (let index = 0; index < words.length; index++)
    words[index] = Math.imul(index + seed * 7919, 2654435761);
  return new Uint8Array(words.buffer);
}

const open = (image: VhdImage) => openVhd(new MemorySource(image.bytes));
const isSame = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;
const dynamic = () =>
  new VhdImage({ virtualSizeBytes: 5 * MIB, blocks: new Map([[1, patterned(1, 2 * MIB)]]) });
const fixed = () => vhdOf(patterned(2, 64 * 1024), { diskType: 2 });
const child = () =>
  new VhdImage({
    virtualSizeBytes: 4 * MIB,
    diskType: 4,
    parent: { name: "C:\\vm\\parent.vhd", relativePath: ".\\parent.vhd" },
  });

describe("a VHD", () => {
  test("says what it is", () => {
    const facts = { format: "vhd", logicalSectorSizeBytes: 512, logState: "clean", dataWriteGuid: undefined };
    expect(open(dynamic())).toMatchObject({ ...facts, kind: "dynamic", sizeBytes: 5 * MIB, findings: [] });
    expect(open(fixed())).toMatchObject({ ...facts, kind: "fixed", sizeBytes: 64 * 1024, findings: [] });
  });

  test("that is fixed is the file without its footer", () => {
    expect(isSame(readBytes(open(fixed()), 0, 64 * 1024), patterned(2, 64 * 1024))).toBe(true);
    expect(() => open(fixed()).read(64 * 1024, 1)).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
  });

  test("that is fixed may have unused space before its footer", () => {
    const image = fixed().editFooters((footer) => {
      footer.currentSizeBytes = 1024;
    });
    expect(open(image).sizeBytes).toBe(1024);
  });

  test("has the size that its footer tells, whatever its geometry says", () => {
    const image = dynamic().editFooters((footer) =>
      Object.assign(footer, { cylinders: 1, heads: 1, sectorsPerTrack: 1 }),
    );
    expect(open(image).sizeBytes).toBe(5 * MIB);
  });

  test("reads blocks that are not allocated as zeros, also where a read crosses them", () => {
    const disk = open(dynamic());
    const expected = Buffer.concat([new Uint8Array(2 * MIB), patterned(1, 2 * MIB), new Uint8Array(MIB)]);
    expect(isSame(readBytes(disk, 0, 5 * MIB), expected)).toBe(true);
    expect(isSame(readBytes(disk, 2 * MIB - 8, 16), expected.subarray(2 * MIB - 8, 2 * MIB + 8))).toBe(true);
  });

  test.each([
    { blockSizeBytes: 512, bitmapSizeBytes: 512 },
    { blockSizeBytes: 2 * MIB, bitmapSizeBytes: 512 },
    { blockSizeBytes: 4 * MIB, bitmapSizeBytes: 1024 },
  ])("passes over the $bitmapSizeBytes bytes of bitmap before a block of $blockSizeBytes", (row) => {
    const { blockSizeBytes, bitmapSizeBytes } = row;
    const content = patterned(6, blockSizeBytes);
    const image = new VhdImage({
      virtualSizeBytes: blockSizeBytes,
      blockSizeBytes,
      blocks: new Map([[0, content]]),
    });
    const blocksOffset = image.footerOffset - blockSizeBytes - bitmapSizeBytes;
    expect(new DataView(image.bytes.buffer).getUint32(image.tableOffset)).toBe(blocksOffset / 512);
    expect(isSame(readBytes(open(image), 0, 512), content.subarray(0, 512))).toBe(true);
  });

  test("gives the bytes of a plain copy, for any block size, layout and range", () => {
    const layout = fc.record({
      blockSectors: fc.constantFrom(1, 2, 8, 64, 1024),
      blocks: fc.uniqueArray(fc.nat(9)),
      missing: fc.nat(511),
      ranges: fc.array(fc.tuple(fc.nat(), fc.nat(200_000)), { minLength: 1 }),
    });
    fc.assert(
      fc.property(layout, ({ blockSectors, blocks, missing, ranges }) => {
        const blockSizeBytes = blockSectors * 512;
        const virtualSizeBytes = 10 * blockSizeBytes - (missing % blockSectors) * 512;
        const model = new Uint8Array(10 * blockSizeBytes);
        const contents = blocks.map((block): [number, Uint8Array] => [
          block,
          patterned(block + 1, blockSizeBytes),
        ]);
        for (const [block, content] of contents) model.set(content, block * blockSizeBytes);
        const disk = open(new VhdImage({ virtualSizeBytes, blockSizeBytes, blocks: new Map(contents) }));
        return ranges.every(([place, length]) => {
          const offset = place % virtualSizeBytes;
          const end = Math.min(virtualSizeBytes, offset + length);
          return isSame(readBytes(disk, offset, end - offset), model.subarray(offset, end));
        });
      }),
      { numRuns: 30 },
    );
  });

  test("made of plain bytes gives them back", () => {
    const content = Buffer.concat([patterned(1, 2 * MIB), new Uint8Array(2 * MIB), patterned(3, 4096)]);
    expect(isSame(readBytes(open(vhdOf(content)), 0, content.length), content)).toBe(true);
  });

  test("of a saved state says so", () => {
    const image = dynamic().editFooters((footer) => {
      footer.savedState = 1;
    });
    expect(open(image).findings).toMatchObject([
      { code: "VHD_SAVED_STATE", severity: "warning", where: { offset: image.footerOffset + 84 } },
    ]);
  });
});

describe("the footer in force", () => {
  const cases: { name: string; make: () => VhdImage }[] = [
    {
      name: "is torn",
      make: () => {
        const image = dynamic();
        image.bytes[image.footerOffset + 20] = 0xee;
        return image;
      },
    },
    {
      name: "has no cookie",
      make: () => {
        const image = dynamic();
        image.bytes.fill(0, image.footerOffset);
        return image;
      },
    },
    {
      name: "was cut off",
      make: () => {
        const image = dynamic();
        image.bytes = image.bytes.slice(0, image.footerOffset);
        return image;
      },
    },
  ];
  test.each(cases)("is the copy at the start where that at the end $name", ({ make }) => {
    const disk = open(make());
    expect(disk.findings).toMatchObject([{ code: "VHD_FOOTER_DAMAGED", severity: "warning" }]);
    expect(isSame(readBytes(disk, 2 * MIB, 2 * MIB), patterned(1, 2 * MIB))).toBe(true);
  });

  test("is the one at the end where the copy differs", () => {
    const image = dynamic().editFooter(0, (footer) => {
      footer.currentSizeBytes = 512;
    });
    expect(open(image)).toMatchObject({ sizeBytes: 5 * MIB, findings: [] });
  });

  test("may lack its last byte (Virtual PC)", () => {
    for (const image of [fixed(), dynamic()]) {
      image.bytes = image.bytes.slice(0, -1);
      expect(open(image).findings).toEqual([]);
    }
  });

  test("of a fixed disk has no copy: what its guest wrote at the start is not believed", () => {
    const image = fixed();
    image.bytes.set(image.bytes.subarray(image.footerOffset), 0);
    image.bytes[image.footerOffset + 20] = 0xee;
    expect(() => open(image)).toThrow(expect.objectContaining({ code: "VHD_FOOTER_INVALID" }));
  });
});

const footer = (fields: object, image = dynamic()) =>
  image.editFooters((target) => Object.assign(target, fields));
const header = (fields: object) => dynamic().editHeader((target) => Object.assign(target, fields));
const byteAt = (offset: number, image = dynamic()) => {
  image.bytes[offset] = 0xee;
  return image;
};
const HEADER_OFFSET = VhdFooter.sizeBytes;

describe("opening a VHD with", () => {
  const both = byteAt(20);
  both.bytes[both.footerOffset + 20] = 0xee;
  const neither = dynamic();
  neither.bytes[0] = 0;
  neither.bytes[neither.footerOffset] = 0;
  const cases: { what: string; image: VhdImage; code: Code }[] = [
    { what: "no footer at all", image: neither, code: "VHD_NOT" },
    { what: "two torn footers", image: both, code: "VHD_FOOTER_INVALID" },
    {
      what: "a torn footer and no copy",
      image: byteAt(fixed().footerOffset + 100, fixed()),
      code: "VHD_FOOTER_INVALID",
    },
    { what: "version 2", image: footer({ version: 0x20000 }), code: "VHD_PARAMETERS" },
    ...[0, 1, 5, 6].map((diskType) => ({
      what: `disk type ${diskType}`,
      image: footer({ diskType }),
      code: "VHD_PARAMETERS" as const,
    })),
    ...[0, 1000, 2040 * 1024 * MIB + 512].map((currentSizeBytes) => ({
      what: `a virtual size of ${currentSizeBytes}`,
      image: footer({ currentSizeBytes }),
      code: "VHD_PARAMETERS" as const,
    })),
    { what: "a virtual size of 2^63", image: footer({ currentSizeBytes: 2 ** 63 }), code: "VALUE_TOO_LARGE" },
    {
      what: "a fixed disk that was cut",
      image: footer({ currentSizeBytes: 64 * 1024 + 512 }, fixed()),
      code: "VHD_TRUNCATED",
    },
    { what: "a header past the end", image: footer({ dataOffset: 2n ** 40n }), code: "VHD_HEADER_INVALID" },
    {
      what: "a header offset of 2^64-1",
      image: footer({ dataOffset: 2n ** 64n - 1n }),
      code: "VALUE_TOO_LARGE",
    },
    { what: "a torn header", image: byteAt(HEADER_OFFSET + 1000), code: "VHD_HEADER_INVALID" },
    { what: "a header without cookie", image: header({ cookie: "cxsparze" }), code: "VHD_HEADER_INVALID" },
    { what: "a header of version 2", image: header({ version: 0x20000 }), code: "VHD_HEADER_INVALID" },
    ...[0, 1, 256, 513, 3 * MIB].map((blockSizeBytes) => ({
      what: `a block size of ${blockSizeBytes}`,
      image: header({ blockSizeBytes }),
      code: "VHD_PARAMETERS" as const,
    })),
    { what: "too few table entries", image: header({ tableEntryCount: 2 }), code: "VHD_BAT_SHORT" },
    {
      what: "more table entries than bytes",
      image: header({ tableEntryCount: 2 ** 32 - 1 }),
      code: "VHD_BAT_SHORT",
    },
    { what: "a table past the end", image: header({ tableOffset: 2 ** 50 }), code: "VHD_BAT_SHORT" },
    { what: "a table offset of 2^63", image: header({ tableOffset: 2 ** 63 }), code: "VALUE_TOO_LARGE" },
    { what: "a parent", image: child(), code: "DISK_DIFFERENCING" },
    {
      what: "a parent and a torn header",
      image: byteAt(HEADER_OFFSET + 64, child()),
      code: "VHD_HEADER_INVALID",
    },
  ];
  test.each(cases)("$what is $code", ({ image, code }) => {
    expect(() => open(image)).toThrow(expect.objectContaining({ code }));
  });
});

describe("reading a block whose table entry points at", () => {
  test.each([
    { what: "the copy of the footer", sector: 0 },
    { what: "the dynamic disk header", sector: 2 },
    { what: "the table", sector: 4 },
    { what: "the end of the file", sector: 4000 },
    { what: "2 TiB", sector: 0xfffffffe },
  ])("$what is VHD_BAT_RANGE, and the other blocks can be read", ({ sector }) => {
    const image = dynamic().setTableEntry(0, sector);
    const disk = open(image);
    expect(() => disk.read(0, 1)).toThrow(
      expect.objectContaining({
        code: "VHD_BAT_RANGE",
        where: { structure: "VHD block allocation table", offset: image.tableOffset },
      }),
    );
    expect(isSame(readBytes(disk, 2 * MIB, 512), patterned(1, 2 * MIB).subarray(0, 512))).toBe(true);
  });
});

describe("a differencing VHD", () => {
  const message = (image: VhdImage): string => {
    try {
      open(image);
    } catch (error) {
      return (error as VmguestError).message;
    }
    return "";
  };
  const locator = VhdDynamicHeader.offsetOf.parentLocators;

  test("names its parent under its relative path and under the name in the header", () => {
    expect(message(child())).toBe(
      'it only holds what differs from its parent ".\\parent.vhd" (also known as "C:\\vm\\parent.vhd")',
    );
  });

  test.each([
    { what: "an endless path", at: 8, value: 2 ** 32 - 1 },
    { what: "a path past the end of the file", at: 20, value: 2 ** 31 },
    { what: "a path past 2^53", at: 16, value: 2 ** 31 },
  ])("leaves out a locator with $what", ({ at, value }) => {
    const image = child().editHeader((target) => target.view.setUint32(target.at + locator + at, value));
    expect(message(image)).toBe('it only holds what differs from its parent "C:\\vm\\parent.vhd"');
  });

  test("that names no parent says so", () => {
    const image = child().editHeader((target) => {
      target.parentName.fill(0);
      target.parentLocators.fill(0);
    });
    expect(message(image)).toBe("it only holds what differs from its parent whose name it does not tell");
  });
});
