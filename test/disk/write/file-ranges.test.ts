// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { openDisk } from "../../../src/disk/index.ts";
import { MIB } from "../../../src/disk/vhdx/layout.ts";
import { fileRanges, planChild, planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { VhdImage } from "../../lab/vhd.ts";
import { VhdxImage, VhdxLog } from "../../lab/vhdx.ts";
import { parentsIn } from "../parent-map.ts";
import { countingGuids, PAGE, phasesOf } from "./cuts.ts";

const SIZE = 4 * MIB;
/** No two bytes near each other are the same. */
const counted = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + Math.floor(index / 256) + seed) % 251);
const blocks = new Map([0, 1, 3].map((block) => [block, counted(MIB, block)]));
const vhdx = (more = {}) => new VhdxImage({ virtualSizeBytes: SIZE, blocks, ...more });
const vhd = (more = {}) =>
  new MemorySource(
    new VhdImage({ virtualSizeBytes: SIZE, blockSizeBytes: MIB, blocks, identity: 5, ...more }).bytes,
  );
const content = counted(SIZE, 9);

function pending(): ByteSource {
  const image = vhdx();
  const log = new VhdxLog(image.sizeBytes);
  log.append([{ at: image.sizeBytes - PAGE, data: new Uint8Array(PAGE).fill(1) }]);
  return image.setLog(log);
}

const across = { offset: MIB - 5000, length: 9000 };
const cases: { what: string; file: ByteSource; ranges?: number; length: number }[] = [
  { what: "a raw disk", file: new MemorySource(content), ranges: 1, length: 9000 },
  { what: "a fixed VHD", file: vhd({ diskType: 2, content }), ranges: 1, length: 9000 },
  { what: "a dynamic VHD", file: vhd(), ranges: 2, length: 9000 },
  { what: "a dynamic VHDX", file: vhdx(), length: 9000 },
  { what: "a fixed VHDX", file: vhdx({ isFixed: true }), length: 9000 },
  { what: "a VHDX with a log that is pending", file: pending(), length: 9000 },
];

describe("ranges of the disk in the file", () => {
  test.each(cases)("of $what hold the bytes of the disk", ({ file, ranges, length }) => {
    const found = fileRanges(file, [across]);
    if (ranges !== undefined) expect(found).toHaveLength(ranges);
    expect(found.reduce((sum, range) => sum + range.length, 0)).toBe(length);
    const bytes = Buffer.concat(found.map((range) => readBytes(file, range.offset, range.length)));
    expect(bytes.equals(readBytes(openDisk(file), across.offset, across.length))).toBe(true);
  });

  test("keep the order they were asked for in, and have nothing of what is zeros without a place", () => {
    const found = fileRanges(vhdx(), [
      { offset: 3 * MIB, length: 512 },
      { offset: 2 * MIB, length: 4096 },
      { offset: 3 * MIB - 512, length: 1024 },
      { offset: 0, length: 0 },
    ]);
    expect(found).toEqual([
      { offset: expect.any(Number), length: 512 },
      { offset: found[0]?.offset, length: 512 },
    ]);
  });

  test("have nothing of what is the parent's", () => {
    const parent = vhdx();
    const resolveParent = parentsIn({ "base.vhdx": parent });
    const newGuid = countingGuids();
    const child = planChild(parent, { newGuid, relativePath: ".\\base.vhdx", now: 0 }).file;
    expect(fileRanges(child, [{ offset: 0, length: SIZE }])).toEqual([]);
    const phases = phasesOf([[1, 2, 5]]);
    const { file } = planDiskWrites(child, openDisk(child, { resolveParent }), phases, { newGuid });
    const found = fileRanges(file, [{ offset: 0, length: MIB }]);
    expect(found.map(({ length }) => length)).toEqual([2 * PAGE, PAGE]);
    const bytes = found.flatMap(({ offset, length }) => [...readBytes(file, offset, length)]);
    expect(new Set(bytes)).toEqual(new Set([0x81, 0x82, 0x85]));
  });

  test("end with the disk", () => {
    expect(() => fileRanges(vhd(), [{ offset: SIZE - 1, length: 2 }])).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
  });
});
