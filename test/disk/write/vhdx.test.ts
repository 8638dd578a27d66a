// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { checkContainer } from "../../../src/disk/check/index.ts";
import { openDisk } from "../../../src/disk/index.ts";
import { MIB } from "../../../src/disk/vhdx/layout.ts";
import { planDiskWrites } from "../../../src/disk/write/index.ts";
import { readBytes } from "../../../src/io/index.ts";
import { VhdxImage } from "../../lab/vhdx.ts";
import { applySteps, countingGuids, cutsOf, PAGE, phaseOf, phasesOf, statesOf } from "./cuts.ts";

const BLOCK_PAGES = MIB / PAGE;

describe.each([{ sector: 512 as const }, { sector: 4096 as const }])(
  "a VHDX with sectors of $sector bytes",
  ({ sector }) => {
    const states = [
      { what: "a block that is there", block: new Uint8Array(MIB).fill(0x11) },
      { what: "a block that was never written", block: 0 },
      { what: "a block with nothing defined in it", block: 1 },
      { what: "a block of zeros", block: 2 },
      { what: "a block that was discarded", block: 3 },
    ];
    const kinds = [{ kind: "dynamic" }, { kind: "fixed" }];
    const rows = kinds.flatMap((kind) => states.map((state) => ({ ...kind, ...state })));

    test.each(rows)("$kind: pages are written to $what, and every cut is sound", ({ kind, block }) => {
      const image = new VhdxImage({
        virtualSizeBytes: 3 * MIB,
        logicalSectorSizeBytes: sector,
        isFixed: kind === "fixed",
        blocks: new Map<number, Uint8Array | number>([
          [0, new Uint8Array(MIB).fill(0x22)],
          [1, block],
        ]),
      });
      const phases = phasesOf([[3, BLOCK_PAGES, BLOCK_PAGES + 7], [3, 9], [BLOCK_PAGES + 7]]);
      const before = readBytes(openDisk(image), 0, 3 * MIB);
      const plan = planDiskWrites(image, phases, { newGuid: countingGuids() });
      const expected = statesOf(before, phases);
      for (const { step, pages, file } of cutsOf(image, plan.steps, 1)) {
        const phase = phaseOf(readBytes(openDisk(file), 0, 3 * MIB), expected);
        expect(phase, `step ${step}, pages ${pages}`).toBeDefined();
      }
      const after = applySteps(image, plan.steps);
      expect(after.sizeBytes).toBe(plan.sizeBytes);
      expect(phaseOf(readBytes(openDisk(after), 0, 3 * MIB), expected.slice(-1))).toBe(0);
      expect([...checkContainer(after)].map(({ code }) => code)).toEqual(
        [...checkContainer(image)].map(({ code }) => code),
      );
    });
  },
);
