// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Disk, openVhdx } from "../../src/disk/index.ts";
import { bitmapIndex, chunkRatioOf, entryCountOf, payloadIndex } from "../../src/disk/vhdx/bat.ts";
import { BLOCK_STATES, MIB, RegionTableHeader, VhdxHeader } from "../../src/disk/vhdx/layout.ts";
import { type ByteSource, MemorySource, readBytes } from "../../src/io/index.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../lab/vhdx.ts";

const GIB = 1024 * MIB;
const KIB = 1024;

/** A block that differs from every other block, and in which every 4 bytes differ from their neighbours. */
function patterned(seed: number, sizeBytes = MIB): Uint8Array {
  const words = new Uint32Array(sizeBytes / 4);
  for (let index = 0; index < words.length; index++)
    words[index] = Math.imul(index + seed * 7919, 2654435761);
  return new Uint8Array(words.buffer);
}

function counting(source: ByteSource): ByteSource & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    sizeBytes: source.sizeBytes,
    reads,
    read: (offset, length) => {
      reads.push([offset, length]);
      return source.read(offset, length);
    },
  };
}

const isSame = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;
const codes = (disk: Disk) => disk.findings.map(({ code }) => code);

describe("published vectors", () => {
  const image = new VhdxImage({ virtualSizeBytes: GIB, blockSizeBytes: 32 * MIB });

  test("the checksum of a header", () => {
    expect(new VhdxHeader(image.read(64 * KIB, 4096)).checksum).toBe(0x7aaf9ca6);
  });

  test("the checksum of a region table", () => {
    expect(new RegionTableHeader(image.read(192 * KIB, 64 * KIB)).checksum).toBe(0xc66b8cae);
  });

  test.each([
    { size: GIB, block: 32, sector: 512, diff: false, ratio: 128, blocks: 32, entries: 32 },
    { size: 40 * GIB, block: 32, sector: 512, diff: false, ratio: 128, blocks: 1280, entries: 1289 },
    { size: 127 * GIB, block: 32, sector: 512, diff: false, ratio: 128, blocks: 4064, entries: 4095 },
    { size: 127 * GIB, block: 2, sector: 512, diff: true, ratio: 2048, blocks: 65_024, entries: 65_568 },
    { size: 127 * GIB, block: 32, sector: 4096, diff: true, ratio: 1024, blocks: 4064, entries: 4100 },
    { size: 127 * GIB, block: 256, sector: 512, diff: true, ratio: 16, blocks: 508, entries: 544 },
    {
      size: 65_536 * GIB,
      block: 1,
      sector: 512,
      diff: true,
      ratio: 4096,
      blocks: 67_108_864,
      entries: 67_125_248,
    },
  ])("the BAT of $size bytes in blocks of $block MiB has $entries entries", (row) => {
    const parameters = {
      virtualSizeBytes: row.size,
      blockSizeBytes: row.block * MIB,
      logicalSectorSizeBytes: row.sector,
    };
    expect(chunkRatioOf(parameters)).toBe(row.ratio);
    expect(entryCountOf(parameters, row.diff)).toBe(row.entries);
    expect(payloadIndex(row.blocks - 1, row.ratio)).toBeLessThan(row.entries);
  });

  test("payload and bitmap entries are interleaved", () => {
    expect([0, 127, 128, 255, 256].map((block) => payloadIndex(block, 128))).toEqual([0, 127, 129, 256, 258]);
    expect([0, 1, 2].map((chunk) => bitmapIndex(chunk, 128))).toEqual([128, 257, 386]);
  });
});

describe("a VHDX", () => {
  test("says what it is", () => {
    const dynamic = openVhdx(new VhdxImage({ virtualSizeBytes: 5 * MIB }));
    expect(dynamic).toMatchObject({
      format: "vhdx",
      kind: "dynamic",
      sizeBytes: 5 * MIB,
      logicalSectorSizeBytes: 512,
      logState: "clean",
      dataWriteGuid: DATA_WRITE_GUID,
      findings: [],
    });
    const options = { virtualSizeBytes: 8 * MIB, isFixed: true, logicalSectorSizeBytes: 4096 } as const;
    const fixed = openVhdx(new VhdxImage(options));
    expect(fixed).toMatchObject({ kind: "fixed", logicalSectorSizeBytes: 4096 });
  });

  test.each(Object.entries(BLOCK_STATES).filter(([name]) => !name.endsWith("Present")))(
    "reads a block in state %s as zeros",
    (_, state) => {
      const blocks = new Map<number, Uint8Array | number>([
        [0, patterned(1)],
        [1, state],
      ]);
      const image = new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks });
      expect(readBytes(openVhdx(image), MIB, MIB).every((byte) => byte === 0)).toBe(true);
    },
  );

  test("reads a block that is not present as zeros even where its entry has an offset", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB, blocks: new Map([[0, patterned(1)]]) });
    image.setBatEntry(0, BigInt(image.batOffset + MIB) + BigInt(BLOCK_STATES.notPresent));
    expect(readBytes(openVhdx(image), 0, 4096).every((byte) => byte === 0)).toBe(true);
  });

  test("reads across blocks that stand in another order in the file", () => {
    const blocks = new Map([2, 0, 1].map((block) => [block, patterned(block)]));
    const disk = openVhdx(new VhdxImage({ virtualSizeBytes: 3 * MIB, blocks }));
    const expected = Buffer.concat([patterned(0), patterned(1), patterned(2)]);
    expect(isSame(readBytes(disk, MIB - 100, MIB + 200), expected.subarray(MIB - 100, 2 * MIB + 100))).toBe(
      true,
    );
    expect(isSame(readBytes(disk, 0, 3 * MIB), expected)).toBe(true);
  });

  test("does not take the bitmap entry of a chunk for the next block", () => {
    const blockSizeBytes = 256 * MIB;
    const block16 = patterned(16, 64 * KIB);
    const blocks = new Map<number, Uint8Array | number>([
      [15, patterned(15, 64 * KIB)],
      [16, block16],
    ]);
    const image = new VhdxImage({ virtualSizeBytes: 17 * blockSizeBytes, blockSizeBytes, blocks });
    image.setBatEntry(bitmapIndex(0, 16), 0xfff00006n);
    expect(isSame(readBytes(openVhdx(image), 16 * blockSizeBytes, 64 * KIB), block16)).toBe(true);
  });

  test("may end inside its last block, and its file inside the unused rest of it", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB + 512, blocks: new Map([[1, patterned(1)]]) });
    image.sizeBytes -= MIB - 512;
    const disk = openVhdx(image);
    expect(readBytes(disk, MIB, 512)).toEqual(patterned(1).subarray(0, 512));
    expect(() => disk.read(MIB + 512, 1)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
  });

  test("may have blocks behind 4 GiB of its file", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB });
    image.write(5 * GIB, patterned(5));
    image.setBatEntry(0, BigInt(5 * GIB) + 6n);
    expect(readBytes(openVhdx(image), MIB - 16, 16)).toEqual(patterned(5).subarray(-16));
  });

  test("ignores reserved bits of an entry", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB, blocks: new Map([[0, patterned(3)]]) });
    image.setBatEntry(0, BigInt(image.batOffset + MIB) + 0xffff8n + 6n);
    expect(readBytes(openVhdx(image), 0, 16)).toEqual(patterned(3).subarray(0, 16));
  });

  test("of 64 TiB is opened and read without its 67 million entries", () => {
    const virtualSizeBytes = 65_536 * GIB;
    const last = virtualSizeBytes / MIB - 1;
    const image = new VhdxImage({ virtualSizeBytes, blocks: new Map([[last, patterned(9)]]) });
    const source = counting(image);
    const disk = openVhdx(source);
    expect(readBytes(disk, virtualSizeBytes - 8, 8)).toEqual(patterned(9).subarray(-8));
    expect(source.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(80 * KIB);
  });

  test("reads each table once, the second region table never", () => {
    const source = counting(new VhdxImage({ virtualSizeBytes: MIB }));
    openVhdx(source);
    expect(source.reads.filter(([, length]) => length > 4096)).toEqual([[192 * KIB, 64 * KIB]]);
  });

  test("gives the bytes of a plain copy, for any layout and any range", () => {
    const stateOrSeed = fc.oneof(
      fc.constantFrom(0, 1, 2, 3).map((state) => ({ state })),
      fc.integer({ min: 1, max: 99 }).map((seed) => ({ seed })),
    );
    const layout = fc.record({
      blocks: fc.uniqueArray(fc.tuple(fc.nat(4), stateOrSeed), { selector: ([block]) => block }),
      sectors: fc.integer({ min: 1, max: 2048 }),
      ranges: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3 * MIB)), {
        minLength: 1,
      }),
    });
    fc.assert(
      fc.property(layout, ({ blocks, sectors, ranges }) => {
        const virtualSizeBytes = 4 * MIB + sectors * 512;
        const model = new Uint8Array(5 * MIB);
        const contents = blocks.map(([block, content]): [number, Uint8Array | number] => {
          if ("state" in content) return [block, content.state];
          const bytes = patterned(content.seed);
          model.set(bytes, block * MIB);
          return [block, bytes];
        });
        const disk = openVhdx(new VhdxImage({ virtualSizeBytes, blocks: new Map(contents) }));
        return ranges.every(([place, length]) => {
          const offset = Math.floor(place * virtualSizeBytes);
          const end = Math.min(virtualSizeBytes, offset + length);
          return isSame(readBytes(disk, offset, end - offset), model.subarray(offset, end));
        });
      }),
      { numRuns: 20 },
    );
  });

  test("made of plain bytes gives them back", () => {
    const content = Buffer.concat([patterned(1), new Uint8Array(MIB), patterned(2).subarray(0, 4096)]);
    const image = vhdxOf(content);
    const disk = openVhdx(new MemorySource(image.toBytes()));
    expect(isSame(readBytes(disk, 0, content.length), content)).toBe(true);
    expect(image.sizeBytes).toBe(image.batOffset + 3 * MIB);
  });
});

describe("the header in force", () => {
  const guids = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"] as const;
  const image = () => {
    const two = new VhdxImage({ virtualSizeBytes: MIB });
    for (const copy of [0, 1] as const) {
      two.editHeader(copy, (header) => {
        header.dataWriteGuid = guids[copy];
      });
    }
    return two;
  };
  const sequences = (first: bigint, second: bigint) =>
    image()
      .editHeader(0, (header) => {
        header.sequence = first;
      })
      .editHeader(1, (header) => {
        header.sequence = second;
      });
  const tear = (two: VhdxImage, copy: 0 | 1) => {
    two.write((copy + 1) * 64 * KIB + 4000, Uint8Array.of(1));
    return two;
  };

  test.each([
    { name: "has the higher sequence number: the second", file: sequences(7n, 8n), copy: 1, findings: [] },
    { name: "has the higher sequence number: the first", file: sequences(9n, 8n), copy: 0, findings: [] },
    { name: "is compared in 64 bits", file: sequences(2n ** 63n, 2n ** 64n - 1n), copy: 1, findings: [] },
    {
      name: "is valid, even where the torn one has a higher number",
      file: tear(sequences(7n, 8n), 1),
      copy: 0,
      findings: ["VHDX_HEADER_DAMAGED"],
    },
    {
      name: "is valid, even where the torn one comes first",
      file: tear(sequences(9n, 8n), 0),
      copy: 1,
      findings: ["VHDX_HEADER_DAMAGED"],
    },
    {
      name: "is of version 1, even where a newer one has a higher number",
      file: sequences(7n, 8n).editHeader(1, (header) => {
        header.version = 2;
      }),
      copy: 0,
      findings: ["VHDX_HEADER_DAMAGED"],
    },
  ])("$name", ({ file, copy, findings }) => {
    const disk = openVhdx(file);
    expect(disk.dataWriteGuid).toBe(guids[copy]);
    expect(codes(disk)).toEqual(findings);
  });

  test("may stand in both copies, byte for byte (Disk2VHD)", () => {
    const twins = new VhdxImage({ virtualSizeBytes: MIB }).editHeaders((header) => {
      header.sequence = 5n;
    });
    expect(codes(openVhdx(twins))).toEqual([]);
  });

  test("may name a log version that is not known while there is nothing to replay", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB }).editHeaders((header) => {
      header.logVersion = 1;
    });
    expect(openVhdx(image).logState).toBe("clean");
  });
});

describe("the region table", () => {
  test("is taken from its second copy where the first is torn", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB });
    image.write(192 * KIB + 1000, Uint8Array.of(1));
    const disk = openVhdx(image);
    expect(disk.findings).toMatchObject([
      { code: "VHDX_REGION_TABLE_DAMAGED", where: { structure: "VHDX region table", offset: 192 * KIB } },
    ]);
  });

  test("may list regions that need not be known", () => {
    const image = new VhdxImage({ virtualSizeBytes: MIB });
    image.grow(6 * MIB);
    image.editRegionTables((table) =>
      table.add({ id: DATA_WRITE_GUID, fileOffset: 5 * MIB, lengthBytes: MIB, flags: 0 }),
    );
    expect(openVhdx(image).sizeBytes).toBe(MIB);
  });
});

test("what the format reserves may hold anything", () => {
  const image = new VhdxImage({ virtualSizeBytes: MIB, blocks: new Map([[0, patterned(4)]]) });
  image.editHeaders((header) => header.reserved.fill(0xff));
  image.editRegionTables((table) => table.header.reserved.fill(0xff));
  image.editMetadata((table) => {
    table.header.reservedToo.fill(0xff);
    table.entry(0).reserved.fill(0xff);
    table.item(0).setUint32(4, 0xfffffffc, true);
  });
  expect(readBytes(openVhdx(image), 0, 16)).toEqual(patterned(4).subarray(0, 16));
});

test("metadata may list items that need not be known, and user items under known ids", () => {
  const image = new VhdxImage({ virtualSizeBytes: MIB }).editMetadata((table) => {
    table.add(DATA_WRITE_GUID, 16, 0);
    table.add(table.entry(0).itemId, 8, 1 + 4);
  });
  expect(openVhdx(image).sizeBytes).toBe(MIB);
});
