// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { openDisk } from "../../../src/disk/index.ts";
import { MIB } from "../../../src/disk/vhdx/layout.ts";
import { allocatedBlocks, planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, MemorySource } from "../../../src/io/index.ts";
import { VhdImage } from "../../lab/vhd.ts";
import { VhdxImage, VhdxLog } from "../../lab/vhdx.ts";
import { countingGuids, PAGE, phasesOf } from "./cuts.ts";

const BLOCK_PAGES = MIB / PAGE;
const filled = (byte: number) => new Uint8Array(MIB).fill(byte);
const vhdx = (more = {}) =>
  new VhdxImage({ virtualSizeBytes: 4 * MIB, blocks: new Map([[0, filled(1)]]), ...more });
const vhd = (more = {}) =>
  new VhdImage({
    virtualSizeBytes: 4 * MIB,
    blockSizeBytes: MIB,
    blocks: new Map([[0, filled(1)]]),
    ...more,
  });
const sourceOf = ({ bytes }: VhdImage) => new MemorySource(bytes);
const plan = (image: ByteSource, pages = [[0]]) =>
  planDiskWrites(image, openDisk(image), phasesOf(pages), { newGuid: countingGuids() });

test("a plan has as many steps as a commit takes, and not one more", () => {
  const raw = () => new MemorySource(filled(1));
  const phases = (count: number) => Array.from({ length: count }, () => [0]);
  expect(plan(raw(), phases(256)).steps).toHaveLength(256);
  expect(() => plan(raw(), phases(257))).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
});

describe("nothing is planned for", () => {
  const shared = () =>
    vhdx({
      blocks: new Map([
        [0, filled(1)],
        [1, filled(2)],
      ]),
    });
  const lostFooter = () => {
    const image = vhd();
    image.bytes = image.bytes.subarray(0, image.footerOffset);
    return image;
  };
  const endless = () => {
    const image = vhdx();
    const log = new VhdxLog(image.sizeBytes);
    const lengthBytes = 2 ** 30;
    image.grow(2 * lengthBytes);
    log.append([{ at: 2 ** 29, zeros: lengthBytes }]);
    return image.setLog(log);
  };

  const swollen = () => {
    const image = vhdx();
    const log = new VhdxLog(image.sizeBytes);
    log.append([], { lastFileOffset: 2 ** 45 });
    return image.setLog(log);
  };

  test.each<{ what: string; image: ByteSource; code: string; pages?: number[][] }>([
    {
      what: "a VHDX with two blocks in one place",
      image: shared().setBatEntry(1, BigInt(shared().sizeBytes - 2 * MIB) + 6n),
      code: "DISK_WRITE_DAMAGED",
    },
    {
      what: "a VHDX without a log that needs one",
      image: vhdx().editHeaders((header) => Object.assign(header, { logLengthBytes: 0 })),
      code: "DISK_WRITE_NO_LOG",
      pages: [[BLOCK_PAGES]],
    },
    ...[0n, 1n].map((left) => ({
      what: `a VHDX whose headers can be renewed ${left} times`,
      image: vhdx().editHeader(1, (header) => Object.assign(header, { sequence: 2n ** 64n - 1n - left })),
      code: "DISK_WRITE_DAMAGED",
    })),
    { what: "a VHDX whose log zeroes half of the file", image: endless(), code: "LIMIT_EXCEEDED" },
    { what: "a VHDX whose log makes the file one of 32 TiB", image: swollen(), code: "LIMIT_EXCEEDED" },
    {
      what: "a VHDX whose log cannot be replayed",
      image: vhdx().setLog(new VhdxLog(0)),
      code: "VHDX_LOG_NO_SEQUENCE",
    },
    { what: "a VHD that lost its footer", image: sourceOf(lostFooter()), code: "DISK_WRITE_DAMAGED" },
    {
      what: "a VHD of a saved state",
      image: sourceOf(vhd().editFooters((footer) => Object.assign(footer, { savedState: 1 }))),
      code: "VHD_SAVED_STATE",
    },
    {
      what: "a VHD with blocks of 2 KiB",
      image: sourceOf(vhd({ blockSizeBytes: 2048, blocks: new Map() })),
      code: "DISK_WRITE_SMALL_BLOCKS",
    },
    {
      what: "a differencing disk without a way to its parent",
      image: vhdx({ parent: { parent_linkage: `{${countingGuids()()}}`, relative_path: ".\\base.vhdx" } }),
      code: "DISK_DIFFERENCING",
    },
  ])("$what", ({ image, code, pages = [[0]] }) => {
    expect(() => plan(image, pages)).toThrow(expect.objectContaining({ code }));
  });
});

test("a VHD that would end past 2 TiB is full", () => {
  const { bytes } = vhd();
  const footerOffset = bytes.length - 512;
  // A hole of almost 2 TiB between the blocks and the footer.
  const sizeBytes = (2 ** 32 - 1) * 512 - MIB;
  const image: ByteSource = {
    sizeBytes,
    read(offset, length) {
      const target = new Uint8Array(length);
      const from = offset >= sizeBytes - 512 ? offset - (sizeBytes - 512) + footerOffset : offset;
      if (from < bytes.length) target.set(bytes.subarray(from, from + length));
      return new DataView(target.buffer);
    },
  };
  expect(plan(image).steps).not.toEqual([]);
  expect(() => plan(image, [[BLOCK_PAGES, 2 * BLOCK_PAGES]])).toThrow(
    expect.objectContaining({ code: "DISK_WRITE_FULL" }),
  );
});

test.each([
  { what: "is not a whole page", offset: 512, length: PAGE },
  { what: "ends inside of a page", offset: 0, length: 100 },
  { what: "ends past the disk", offset: 4 * MIB, length: PAGE },
])("a change that $what is a mistake of the caller", ({ offset, length }) => {
  const phases = [{ round: 0, phase: "data" as const, changes: [{ offset, bytes: new Uint8Array(length) }] }];
  const image = vhdx();
  expect(() => planDiskWrites(image, openDisk(image), phases, { newGuid: countingGuids() })).toThrow(
    TypeError,
  );
});

test.each<{ what: string; image: ByteSource; absent: boolean }>([
  {
    what: "a dynamic VHDX",
    image: vhdx({
      blocks: new Map<number, Uint8Array | number>([
        [0, filled(1)],
        [1, 3],
        [3, filled(1)],
      ]),
    }),
    absent: true,
  },
  {
    what: "a dynamic VHD",
    image: sourceOf(vhd({ blocks: new Map([0, 3].map((block) => [block, filled(1)])) })),
    absent: true,
  },
  { what: "a fixed VHD", image: sourceOf(vhd({ diskType: 2 })), absent: false },
  { what: "a raw disk", image: new MemorySource(new Uint8Array(4 * MIB)), absent: false },
])("the blocks that $what has room for are told", ({ image, absent }) => {
  const { isAllocated } = allocatedBlocks(image);
  const ranges = [
    [0, MIB],
    [3 * MIB, MIB],
    [10, 20],
    [0, MIB + 1],
    [MIB, 1],
    [0, 4 * MIB],
  ] as const;
  expect(ranges.map(([offset, length]) => isAllocated(offset, length))).toEqual([
    true,
    true,
    true,
    !absent,
    !absent,
    !absent,
  ]);
});

test("blocks that only a log has made are there", () => {
  const image = vhdx();
  const log = new VhdxLog(image.sizeBytes);
  const entries = image.read(image.batOffset, PAGE);
  entries.setBigUint64(8, BigInt(image.sizeBytes) + 6n, true);
  log.append([{ at: image.batOffset, data: new Uint8Array(entries.buffer) }], {
    lastFileOffset: image.sizeBytes + MIB,
  });
  expect(allocatedBlocks(image).isAllocated(MIB, MIB)).toBe(false);
  expect(allocatedBlocks(image.setLog(log)).isAllocated(MIB, MIB)).toBe(true);
});
