// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { MemorySource, PageCache, readBytes } from "../../src/io/index.ts";
import { VhdImage } from "../lab/vhd.ts";
import { VhdxImage, VhdxLog } from "../lab/vhdx.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

function dirtyVhdx(): VhdxImage {
  const image = new VhdxImage({
    virtualSizeBytes: 2 * MIB,
    blocks: new Map([[1, new Uint8Array(MIB).fill(7)]]),
  });
  const log = new VhdxLog(image.sizeBytes);
  const bat = readBytes(image, image.batOffset, 4096).slice();
  const tail = log.append([{ at: image.batOffset, data: bat }]);
  log.append([{ at: image.sizeBytes - MIB, zeros: 4096 }], { tail });
  return image.setLog(log);
}

function cleanVhdx(): VhdxImage {
  return new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks: new Map([[1, new Uint8Array(MIB).fill(7)]]) });
}

function dynamicVhd(): Uint8Array {
  const blocks = new Map([[1, new Uint8Array(64 * KIB).fill(7)]]);
  return new VhdImage({ virtualSizeBytes: 256 * KIB, blockSizeBytes: 64 * KIB, blocks }).bytes;
}

/** Opens and reads everything; an error that is not typed gets out. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const disk = openDisk(new MemorySource(bytes));
    let sum = 0;
    for (let offset = 0; offset < Math.min(disk.sizeBytes, 4 * MIB); offset += 64 * KIB) {
      sum += disk.read(offset, Math.min(16, disk.sizeBytes - offset)).getUint8(0);
    }
    return `${disk.format} ${disk.kind} ${disk.sizeBytes} ${disk.logState} ${sum}`;
  } catch (error) {
    if (error instanceof VmguestError) return error.code;
    throw error;
  }
}

const IMAGES = [
  { name: "clean VHDX", bytes: cleanVhdx().toBytes() },
  { name: "dirty VHDX", bytes: dirtyVhdx().toBytes() },
  { name: "dynamic VHD", bytes: dynamicVhd() },
];

describe.each(IMAGES)("a $name", ({ bytes }) => {
  const whole = outcomeOf(bytes);

  test("cut anywhere is a typed error or reads as what is left of it", () => {
    // Every sector of the headers, and far enough apart behind them.
    for (let length = 0; length < bytes.length; length += length < MIB ? 512 : 32 * KIB - 512) {
      const outcome = outcomeOf(bytes.subarray(0, length));
      expect(outcome, `cut at ${length}`).toMatch(/^[A-Z_]+$|^vhd dynamic|^raw/);
    }
  });

  test("with any one byte changed is the same disk, another disk, or a typed error", () => {
    // Where the structures are; the payload may be anything.
    const ends =
      bytes.length > MIB ? [8, 1024, 64 * KIB, 320 * KIB, MIB + 24 * KIB, 4 * MIB] : [4096, bytes.length];
    const offset = fc.oneof(...ends.map((end) => fc.integer({ min: Math.max(0, end - 8192), max: end - 1 })));
    fc.assert(
      fc.property(offset, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const before = bytes[at] as number;
        bytes[at] = before ^ flip;
        const outcome = outcomeOf(bytes);
        bytes[at] = before;
        return /^(vhdx|vhd|raw) |^[A-Z_]+$/.test(outcome);
      }),
      { numRuns: 150 },
    );
    expect(outcomeOf(bytes)).toBe(whole);
  });

  test("with any field of its headers flipped is never another disk, thanks to the checksums", () => {
    const [from, to] = bytes.length > MIB ? [64 * KIB, 68 * KIB] : [bytes.length - 512, bytes.length];
    fc.assert(
      fc.property(fc.integer({ min: from, max: to - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const before = bytes[at] as number;
        bytes[at] = before ^ flip;
        const outcome = outcomeOf(bytes);
        bytes[at] = before;
        return outcome === whole;
      }),
      { numRuns: 60 },
    );
  });

  test("is read without a change to a single cached page", () => {
    const pages: { page: Uint8Array; offset: number }[] = [];
    const cache = new PageCache({
      sizeBytes: bytes.length,
      readInto: (page, offset) => {
        page.set(bytes.subarray(offset, offset + page.length));
        pages.push({ page, offset });
      },
    });
    const disk = openDisk(cache);
    for (let offset = 0; offset < disk.sizeBytes; offset += 4000) {
      disk.read(offset, Math.min(5000, disk.sizeBytes - offset));
    }
    const isUntouched = pages.every(
      ({ page, offset }) => Buffer.compare(page, bytes.subarray(offset, offset + page.length)) === 0,
    );
    expect(isUntouched).toBe(true);
    expect(pages.length).toBeGreaterThan(10);
  });
});
