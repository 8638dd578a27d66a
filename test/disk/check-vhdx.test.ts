import { describe, expect, test } from "vitest";
import { ZERO_GUID } from "../../src/bytes/index.ts";
import { checkContainer } from "../../src/disk/check/index.ts";
import { MIB, REGION_TABLE_OFFSETS } from "../../src/disk/vhdx/layout.ts";
import type { Code } from "../../src/errors.ts";
import { VhdxImage, VhdxLog } from "../lab/vhdx.ts";

const BLOCK = new Uint8Array(MIB).fill(7);
const VIRTUAL_SIZE = 4096 * MIB + 8 * MIB;

/** Two blocks in the file, and a disk so large that the table has a bitmap entry (index 4096) between others. */
const sound = (options = {}) =>
  new VhdxImage({
    virtualSizeBytes: VIRTUAL_SIZE,
    blocks: new Map([
      [0, BLOCK],
      [5, BLOCK],
    ]),
    ...options,
  });

const PARENT = {
  parent: { relative_path: ".\\parent.vhdx", parent_linkage: "{11111111-1111-1111-1111-111111111111}" },
};
const BITMAP_ENTRY = 4096;

/** In the metadata region, behind its items. */
const UNUSED_OFFSET = 2.5 * MIB;

const codesOf = (image: VhdxImage): Code[] => [...checkContainer(image)].map(({ code }) => code);

function logOf(image: VhdxImage): VhdxLog {
  const log = new VhdxLog(image.sizeBytes);
  log.append([{ at: UNUSED_OFFSET, data: new Uint8Array(4096) }]);
  return log;
}

describe("a sound VHDX has no findings", () => {
  test.each([
    { what: "with blocks", image: sound() },
    {
      what: "with blocks of every state without bytes",
      image: sound({ blocks: new Map([0, 1, 2, 3].map((s) => [s, s])) }),
    },
    { what: "without any block", image: sound({ blocks: new Map() }) },
    { what: "with sectors of 4 KiB", image: sound({ logicalSectorSizeBytes: 4096 }) },
    {
      what: "fixed, all its blocks there",
      image: new VhdxImage({ virtualSizeBytes: MIB, isFixed: true, blocks: new Map([[0, BLOCK]]) }),
    },
    { what: "with a parent", image: sound(PARENT) },
    {
      what: "with a parent and a partial block",
      image: sound({ ...PARENT, blocks: new Map([[0, { content: BLOCK, hasSector: () => true }]]) }),
    },
  ])("$what", ({ image }) => {
    expect([...checkContainer(image)]).toEqual([]);
  });
});

/** Faults of the sound image, each with all the codes that it must give. */
const FAULTS: readonly (readonly [
  fault: string,
  codes: readonly Code[],
  damage: (image: VhdxImage) => unknown,
])[] = [
  ["a file cut inside its headers", ["VHDX_NOT"], (image) => (image.sizeBytes = MIB - 1)],
  [
    "no sound header",
    ["VHDX_HEADERS_INVALID"],
    (image) => [64, 128].map((kib) => image.write(kib * 1024, new Uint8Array(4))),
  ],
  ["a torn header", ["VHDX_HEADER_DAMAGED"], (image) => image.write(64 * 1024 + 100, Uint8Array.of(1))],
  [
    "two different headers of one age",
    ["VHDX_HEADER_AMBIGUOUS"],
    (image) =>
      image.editHeader(0, (header) =>
        Object.assign(header, { sequence: 8n, dataWriteGuid: "11111111-1111-1111-1111-111111111111" }),
      ),
  ],
  [
    "headers of another version",
    ["VHDX_VERSION"],
    (image) => image.editHeaders((header) => (header.version = 2)),
  ],
  [
    "an older header with another place of the log",
    ["VHDX_HEADERS_DIFFER"],
    (image) => image.editHeader(0, (header) => (header.logLengthBytes = 2 * MIB)),
  ],
  [
    "a reserved byte of a header",
    ["VHDX_RESERVED"],
    (image) => image.editHeader(0, (header) => header.reserved.fill(1, 5, 6)),
  ],
  [
    "a header without identity",
    ["VHDX_IDENTITY"],
    (image) => image.editHeader(1, (header) => (header.fileWriteGuid = ZERO_GUID)),
  ],
  [
    "a log past the end",
    ["VHDX_LOG_RANGE"],
    (image) => image.editHeaders((header) => (header.logOffset = 9000 * MIB)),
  ],
  ["a log that must be replayed", ["VHDX_LOG_REPLAYED"], (image) => image.setLog(logOf(image))],
  [
    "a log that must be replayed, but is empty",
    ["VHDX_LOG_NO_SEQUENCE"],
    (image) => image.setLog(new VhdxLog(image.sizeBytes)),
  ],
  [
    "a torn entry behind those in use",
    ["VHDX_LOG_ENTRY", "VHDX_LOG_REPLAYED"],
    (image) => {
      const log = logOf(image);
      const torn = log.append([{ at: UNUSED_OFFSET, data: new Uint8Array(4096) }]);
      log.bytes[torn + 4096 + 200] = 1;
      image.setLog(log);
    },
  ],
  [
    "a log that writes into the headers",
    ["VHDX_LOG_TARGET"],
    (image) => {
      const log = new VhdxLog(image.sizeBytes);
      log.append([{ at: 0, data: new Uint8Array(4096) }]);
      image.setLog(log);
    },
  ],
  [
    "a file shorter than its log says",
    ["VHDX_TRUNCATED"],
    (image) => {
      const log = new VhdxLog(image.sizeBytes + MIB);
      log.append([{ at: UNUSED_OFFSET, data: new Uint8Array(4096) }]);
      image.setLog(log);
    },
  ],
  [
    "entries in a log that is not in use",
    ["VHDX_LOG_STALE"],
    (image) => image.setLog(logOf(image)).editHeaders((header) => (header.logGuid = ZERO_GUID)),
  ],
  [
    "no sound region table",
    ["VHDX_REGION_TABLES_INVALID"],
    (image) => REGION_TABLE_OFFSETS.map((offset) => image.write(offset + 100, Uint8Array.of(1))),
  ],
  [
    "a damaged first region table",
    ["VHDX_REGION_TABLE_DAMAGED"],
    (image) => image.write(REGION_TABLE_OFFSETS[0] + 100, Uint8Array.of(1)),
  ],
  [
    "a damaged second region table",
    ["VHDX_REGION_COPY_DAMAGED"],
    (image) => image.write(REGION_TABLE_OFFSETS[1] + 100, Uint8Array.of(1)),
  ],
  [
    "reserved bytes of the region tables",
    ["VHDX_RESERVED"],
    (image) => image.editRegionTables(({ header }) => header.reserved.fill(1)),
  ],
  [
    "a region that is not marked as required",
    ["VHDX_REGION_FLAGS"],
    (image) => image.editRegionTables((table) => (table.entry(0).flags = 0)),
  ],
  [
    "an unknown region that is required",
    ["VHDX_REGION_UNKNOWN"],
    (image) =>
      image.editRegionTables((table) =>
        table.add({
          id: "11111111-1111-1111-1111-111111111111",
          fileOffset: 3 * MIB,
          lengthBytes: MIB,
          flags: 1,
        }),
      ),
  ],
  [
    "a region that is listed twice",
    ["VHDX_REGION_DUPLICATE"],
    (image) =>
      image.editRegionTables((table) =>
        table.add({ id: table.entry(0).id, fileOffset: 3 * MIB, lengthBytes: MIB, flags: 1 }),
      ),
  ],
  [
    "a region past the end",
    ["VHDX_REGION_RANGE"],
    (image) => image.editRegionTables((table) => (table.entry(0).fileOffset = 9000 * MIB)),
  ],
  [
    "no BAT region",
    ["VHDX_REGION_MISSING"],
    (image) =>
      image.editRegionTables((table) =>
        Object.assign(table.entry(0), { id: "11111111-1111-1111-1111-111111111111", flags: 0 }),
      ),
  ],
  [
    "a region over the log",
    ["VHDX_OVERLAP", "VHDX_SPACE_LEAKED"],
    (image) => image.editHeaders((header) => (header.logOffset = image.batOffset)),
  ],
  [
    "a damaged metadata table",
    ["VHDX_METADATA_TABLE"],
    (image) => image.editMetadata(({ header }) => (header.signature = "metadat!")),
  ],
  [
    "a metadata item that is missing",
    ["VHDX_METADATA_MISSING"],
    (image) => image.editMetadata((table) => table.remove(2)),
  ],
  [
    "an unknown metadata item that is required",
    ["VHDX_METADATA_UNKNOWN"],
    (image) => image.editMetadata((table) => table.add("11111111-1111-1111-1111-111111111111", 4, 4)),
  ],
  [
    "a metadata item that is marked wrongly",
    ["VHDX_METADATA_FLAGS"],
    (image) => image.editMetadata((table) => (table.entry(1).flags = 4)),
  ],
  [
    "reserved bits of a metadata entry",
    ["VHDX_RESERVED"],
    (image) => image.editMetadata((table) => (table.entry(1).flags = 14)),
  ],
  [
    "reserved bytes of the metadata table",
    ["VHDX_RESERVED"],
    (image) => image.editMetadata(({ header }) => header.reservedToo.fill(1)),
  ],
  [
    "reserved bits of the file parameters",
    ["VHDX_RESERVED"],
    (image) => image.editMetadata((table) => table.item(0).setUint32(4, 4, true)),
  ],
  [
    "a disk without identity",
    ["VHDX_IDENTITY"],
    (image) => image.editMetadata((table) => table.item(2).setBigUint64(0, 0n)),
  ],
  [
    "an impossible block size",
    ["VHDX_PARAMETERS"],
    (image) => image.editMetadata((table) => table.item(0).setUint32(0, 3 * MIB, true)),
  ],
  [
    "a table too short for the disk",
    ["VHDX_BAT_SHORT"],
    (image) => image.editMetadata((table) => table.item(1).setBigUint64(0, 2n ** 40n, true)),
  ],
  ["a block past the end", ["VHDX_BAT_RANGE"], (image) => image.setBatEntry(7, BigInt(9000 * MIB) + 6n)],
  ["a block in a reserved state", ["VHDX_BAT_STATE"], (image) => image.setBatEntry(7, 5n)],
  [
    "a partial block without a parent",
    ["VHDX_BAT_STATE"],
    (image) => image.setBatEntry(7, BigInt(4 * MIB) + 7n),
  ],
  ["a block over the log", ["VHDX_OVERLAP"], (image) => image.setBatEntry(7, BigInt(MIB) + 6n)],
  [
    "two blocks at one place",
    ["VHDX_BAT_SHARED"],
    (image) => image.setBatEntry(7, BigInt(image.sizeBytes - MIB) + 6n),
  ],
  ["reserved bits of an entry", ["VHDX_BAT_RESERVED"], (image) => image.setBatEntry(7, 0x80n)],
  [
    "a bitmap without a parent",
    ["VHDX_BAT_BITMAP"],
    (image) => image.setBatEntry(BITMAP_ENTRY, BigInt(9 * MIB) + 6n),
  ],
  ["a MiB that belongs to nothing", ["VHDX_SPACE_LEAKED"], (image) => image.grow(image.sizeBytes + MIB)],
  [
    "a fixed disk with holes",
    ["VHDX_FIXED_SPARSE"],
    (image) => image.editMetadata((table) => table.item(0).setUint32(4, 1, true)),
  ],
];

describe("a fault gives the codes that name it, and no other", () => {
  test.each(FAULTS)("%s: %j", (_, codes, damage) => {
    const image = sound();
    damage(image);
    expect(codesOf(image)).toEqual(codes);
  });

  test("region tables that differ", () => {
    const image = sound();
    const first = image.read(REGION_TABLE_OFFSETS[0], 64 * 1024);
    const region = {
      id: "11111111-1111-1111-1111-111111111111",
      fileOffset: 3 * MIB,
      lengthBytes: MIB,
      flags: 0,
    };
    image
      .editRegionTables((table) => table.add(region))
      .write(REGION_TABLE_OFFSETS[0], new Uint8Array(first.buffer));
    expect(codesOf(image)).toEqual(["VHDX_REGION_TABLES_DIFFER"]);
  });

  test("a partial block whose chunk has no bitmap", () => {
    const image = sound(PARENT).setBatEntry(0, BigInt(4 * MIB) + 7n);
    expect(codesOf(image)).toEqual(["VHDX_BAT_BITMAP_MISSING"]);
  });

  test("a bitmap in a state that none may have", () => {
    const image = sound(PARENT).setBatEntry(BITMAP_ENTRY, 2n);
    expect(codesOf(image)).toEqual(["VHDX_BAT_STATE"]);
  });

  test("a parent locator without a path", () => {
    expect(codesOf(sound({ parent: { other: "x" } }))).toEqual(["VHDX_PARENT_LOCATOR"]);
  });
});

test("all entries of a ruined table are findings, one by one, as they are asked for", () => {
  const image = sound();
  for (let index = 100; index < 1100; index++) image.setBatEntry(index, 4n);
  const findings = checkContainer(image);
  expect(findings.next().value).toMatchObject({
    code: "VHDX_BAT_STATE",
    where: { offset: image.batOffset + 800 },
  });
  expect([...findings]).toHaveLength(999);
});
