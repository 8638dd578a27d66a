// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { type ByteSource, readBytes } from "../../src/io/index.ts";
import {
  type Build,
  buildVhd,
  buildVhdx,
  flatten,
  type Geometry,
  type LayerPlan,
  plansOf,
} from "../lab/vhd-chains.ts";
import { parentsIn } from "./parent-map.ts";

const MIB = 1024 * 1024;

function openPlans(plans: readonly LayerPlan[], build: Build, geometry: Geometry) {
  const files = plans.map((plan, depth) => build(plan, depth, depth < plans.length - 1, geometry));
  const named = Object.fromEntries(files.map((file, depth) => [`${depth}.x`, file]));
  return openDisk(files[0] as ByteSource, { resolveParent: parentsIn(named) });
}

const isSame = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;

describe.each([
  {
    what: "VHDX with sectors of 512 bytes",
    build: buildVhdx,
    geometry: { blockSizeBytes: MIB, sectorSizeBytes: 512 },
    blockCountMax: 3,
    numRuns: 12,
  },
  {
    what: "VHDX with sectors of 4096 bytes",
    build: buildVhdx,
    geometry: { blockSizeBytes: MIB, sectorSizeBytes: 4096 },
    blockCountMax: 3,
    numRuns: 12,
  },
  {
    what: "VHD",
    build: buildVhd,
    geometry: { blockSizeBytes: 16 * 1024, sectorSizeBytes: 512 },
    blockCountMax: 8,
    numRuns: 60,
  },
  {
    what: "VHD with blocks of a single sector",
    build: buildVhd,
    geometry: { blockSizeBytes: 512, sectorSizeBytes: 512 },
    blockCountMax: 30,
    numRuns: 60,
  },
] as const)("a chain of $what", ({ build, geometry, blockCountMax, numRuns }) => {
  test("reads as its layers laid over each other, whole and by the piece", () => {
    const plans = plansOf(geometry, blockCountMax, build === buildVhdx);
    const ranges = fc.array(fc.tuple(fc.nat(), fc.nat(3 * geometry.sectorSizeBytes)), { maxLength: 20 });
    fc.assert(
      fc.property(plans, ranges, (drawn, pieces) => {
        const expected = flatten(drawn, geometry);
        const disk = openPlans(drawn, build, geometry);
        expect(disk.sizeBytes).toBe(expected.length);
        expect(disk.chain.length).toBe(drawn.length);
        for (const [at, lengthMax] of pieces) {
          const offset = at % expected.length;
          const length = Math.min(lengthMax, expected.length - offset);
          expect(isSame(readBytes(disk, offset, length), expected.subarray(offset, offset + length))).toBe(
            true,
          );
        }
        expect(isSame(readBytes(disk, 0, expected.length), expected)).toBe(true);
      }),
      { numRuns },
    );
  });
});
