// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisk, type ResolveParent } from "../../../src/disk/index.ts";
import { planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, Overlay, PHASES, readBytes } from "../../../src/io/index.ts";
import { type Build, buildVhd, buildVhdx, flatten, type Geometry, plansOf } from "../../lab/vhd-chains.ts";
import { countingGuids, expectSound } from "./cuts.ts";

const MIB = 2 ** 20;

/** Writes of any length to any place, in any phase, as an overlay takes them. */
const writesOf = (sizeBytes: number) =>
  fc.array(
    fc.record({
      offset: fc.nat(sizeBytes - 1),
      length: fc.integer({ min: 1, max: 20_000 }),
      byte: fc.integer({ min: 1, max: 255 }),
      phase: fc.constantFrom(...PHASES),
    }),
    { minLength: 1, maxLength: 6 },
  );

/** The parents of a chain whose files are called `0.x`, `1.x` and so on. */
function resolverOf(files: readonly ByteSource[]): ResolveParent {
  return function* (names) {
    const name = names[0]?.replace(/^.*\\/, "") ?? "";
    const source = files[Number.parseInt(name, 10)];
    if (source !== undefined) yield { name, isGuess: false, source };
  };
}

const rows: { what: string; build: Build; geometry: Geometry; hasStates: boolean; unit: number }[] = [
  {
    what: "VHDX",
    build: buildVhdx,
    geometry: { blockSizeBytes: MIB, sectorSizeBytes: 512 },
    hasStates: true,
    unit: 4096,
  },
  {
    what: "VHDX with sectors of 4096 bytes",
    build: buildVhdx,
    geometry: { blockSizeBytes: MIB, sectorSizeBytes: 4096 },
    hasStates: true,
    unit: 4096,
  },
  // The blocks of the lab are not aligned.
  {
    what: "VHD",
    build: buildVhd,
    geometry: { blockSizeBytes: MIB / 8, sectorSizeBytes: 512 },
    hasStates: false,
    unit: 512,
  },
];

describe.each(rows)("$what", ({ build, geometry, hasStates, unit }) => {
  test("any writes to any disk, alone or over parents, come out as in memory, at every cut", () => {
    const drawn = plansOf(geometry, 3, hasStates).chain((plans) =>
      fc.tuple(fc.constant(plans), writesOf(plans[0]?.sizeBytes ?? 0)),
    );
    fc.assert(
      fc.property(drawn, ([plans, writes]) => {
        const files = plans.map((plan, depth) => build(plan, depth, depth < plans.length - 1, geometry));
        const [image = expect.fail("no image")] = files;
        const resolveParent = resolverOf(files);
        const disk = openDisk(image, { resolveParent });
        const overlay = new Overlay(disk);
        const model = flatten(plans, geometry);
        for (const { offset, length, byte, phase } of writes) {
          const bytes = new Uint8Array(Math.min(length, model.length - offset)).fill(byte);
          overlay.write(offset, bytes, phase);
          model.set(bytes, offset);
        }
        const phases = overlay.changes();
        const plan = planDiskWrites(image, disk, phases, { newGuid: countingGuids() });
        expect(Buffer.compare(readBytes(overlay, 0, model.length), model)).toBe(0);
        expectSound(image, phases, plan, { resolveParent, unit });
      }),
      { numRuns: 8, seed: 5 },
    );
  });
});
