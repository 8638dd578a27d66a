import { describe, expect, test } from "vitest";
import { checkContainer } from "../../src/disk/check/index.ts";
import { geometryOf } from "../../src/disk/check/vhd-geometry.ts";
import type { Code } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { VhdImage, type VhdOptions } from "../lab/vhd.ts";

const MIB = 1024 * 1024;
const SECTOR = 512;

/** A dynamic disk of five blocks, three of them in the file; all fields are those that Windows writes. */
function sound(options: Partial<VhdOptions> = {}): VhdImage {
  const virtualSizeBytes = 10 * MIB;
  const block = new Uint8Array(2 * MIB).fill(7);
  const blocks = new Map([
    [0, block],
    [1, block],
    [3, block],
  ]);
  const image = new VhdImage({ virtualSizeBytes, blocks, ...options });
  if (options.diskType !== 2) image.editHeader((header) => header.dataOffset.fill(0xff));
  return image.editFooters((footer) => Object.assign(footer, geometryOf(virtualSizeBytes / SECTOR)));
}

const codesOf = ({ bytes }: VhdImage): Code[] =>
  [...checkContainer(new MemorySource(bytes))].map(({ code }) => code);

const viewOf = ({ bytes }: VhdImage) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Data of the lab's blocks begins 512 bytes behind a multiple of 4 KiB. */
const UNALIGNED: readonly Code[] = codesOf(sound());

test("a sound VHD has no findings but the one on alignment", () => {
  expect(UNALIGNED.filter((code) => code !== "VHD_ALIGNMENT")).toEqual([]);
  expect(codesOf(sound({ diskType: 2 }))).toEqual([]);
});

const FAULTS: readonly (readonly [
  fault: string,
  codes: readonly Code[],
  damage: (image: VhdImage) => unknown,
])[] = [
  [
    "no sound footer",
    ["VHD_FOOTER_INVALID"],
    ({ bytes, footerOffset }) => [0, footerOffset].map((at) => bytes.fill(1, at + 90, at + 91)),
  ],
  [
    "a damaged footer",
    ["VHD_FOOTER_DAMAGED"],
    ({ bytes, footerOffset }) => bytes.fill(1, footerOffset + 90, footerOffset + 91),
  ],
  ["a damaged copy of the footer", ["VHD_FOOTER_COPY_DAMAGED"], ({ bytes }) => bytes.fill(1, 90, 91)],
  [
    "a copy of the footer that differs",
    ["VHD_FOOTERS_DIFFER"],
    (image) => image.editFooter(0, (footer) => (footer.timestamp = 1)),
  ],
  [
    "features without the bit that is always set",
    ["VHD_FIELDS"],
    (image) => image.editFooters((footer) => (footer.features = 0)),
  ],
  [
    "a saved state that is neither yes nor no",
    ["VHD_FIELDS", "VHD_SAVED_STATE"],
    (image) => image.editFooters((footer) => (footer.savedState = 2)),
  ],
  ["a saved state", ["VHD_SAVED_STATE"], (image) => image.editFooters((footer) => (footer.savedState = 1))],
  [
    "reserved bytes of the footer",
    ["VHD_RESERVED"],
    (image) => image.editFooters((footer) => footer.reserved.fill(1, 7, 8)),
  ],
  ["another geometry", ["VHD_GEOMETRY"], (image) => image.editFooters((footer) => (footer.cylinders = 1))],
  [
    "a virtual size that is no whole sectors",
    ["VHD_PARAMETERS"],
    (image) => image.editFooters((footer) => (footer.currentSizeBytes = 10 * MIB - 1)),
  ],
  [
    "a damaged dynamic header",
    ["VHD_HEADER_INVALID"],
    ({ bytes }) => bytes.fill(1, SECTOR + 70, SECTOR + 71),
  ],
  [
    "a dynamic header with a data offset",
    ["VHD_FIELDS"],
    (image) => image.editHeader((header) => header.dataOffset.fill(0)),
  ],
  [
    "reserved bytes of the dynamic header",
    ["VHD_RESERVED"],
    (image) => image.editHeader((header) => header.reservedToo.fill(1)),
  ],
  [
    "a table too short for the disk",
    ["VHD_BAT_SHORT"],
    (image) => image.editHeader((header) => (header.tableEntryCount = 4)),
  ],
  ["a block past the end", ["VHD_BAT_RANGE"], (image) => image.setTableEntry(2, 1_000_000)],
  ["a block over the table", ["VHD_BAT_RANGE"], (image) => image.setTableEntry(2, 4)],
  [
    "two blocks at one place",
    ["VHD_BAT_SHARED"],
    (image) => image.setTableEntry(2, viewOf(image).getUint32(image.tableOffset)),
  ],
  [
    "two blocks that overlap by a sector",
    ["VHD_BAT_SHARED"],
    (image) => image.setTableEntry(2, viewOf(image).getUint32(image.tableOffset) + 1),
  ],
];

describe("a fault gives the codes that name it, and no other", () => {
  test.each(FAULTS)("%s: %j", (_, codes, damage) => {
    const image = sound();
    damage(image);
    expect(codesOf(image).filter((code) => code !== "VHD_ALIGNMENT")).toEqual(codes);
  });

  test("a table over the header", () => {
    const image = sound();
    image.editHeader((header) => (header.tableOffset = SECTOR + 512));
    expect(codesOf(image)).toContain("VHD_OVERLAP");
  });

  test("an entry behind the last block", () => {
    const image = sound();
    image.editHeader((header) => (header.tableEntryCount = 6)).setTableEntry(5, 1000);
    expect(codesOf(image)).toContain("VHD_BAT_SPARE");
  });

  test("a block that nothing claims", () => {
    const image = sound();
    image.setTableEntry(3, 0xffff_ffff);
    expect(codesOf(image)).toContain("VHD_SPACE_LEAKED");
  });

  test("a fixed disk longer than its file", () => {
    const image = sound({ diskType: 2 });
    image.editFooters((footer) =>
      Object.assign(footer, { currentSizeBytes: 20 * MIB, ...geometryOf((20 * MIB) / SECTOR) }),
    );
    expect(codesOf(image)).toEqual(["VHD_TRUNCATED"]);
  });

  test("a fixed disk with a data offset", () => {
    const image = sound({ diskType: 2 });
    image.editFooters((footer) => (footer.dataOffset = 512n));
    expect(codesOf(image)).toEqual(["VHD_FIELDS"]);
  });

  test.each([
    { what: "no bytes", bytes: new Uint8Array(0), code: "IMAGE_EMPTY" },
    { what: "a gzip", bytes: Uint8Array.of(0x1f, 0x8b, 8, 0, 0), code: "DISK_FORMAT_FOREIGN" },
  ])("a file of $what: $code", ({ bytes, code }) => {
    expect([...checkContainer(new MemorySource(bytes))].map((found) => found.code)).toEqual([code]);
  });
});

// The last two are what Hyper-V and `qemu-img -o force_size` write for 20 MiB and 127 GiB.
test.each([
  { sectors: 10 * 2048, expected: { cylinders: 301, heads: 4, sectorsPerTrack: 17 } },
  { sectors: 2040 * 2 ** 21, expected: { cylinders: 65_535, heads: 16, sectorsPerTrack: 255 } },
  { sectors: 127 * 2 ** 21, expected: { cylinders: 65_278, heads: 16, sectorsPerTrack: 255 } },
])("the geometry of $sectors sectors is $expected", ({ sectors, expected }) => {
  expect(geometryOf(sectors)).toEqual(expected);
});
