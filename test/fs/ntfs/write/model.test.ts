import fc from "fast-check";
import { test } from "vitest";
import { NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay, readBytes } from "../../../../src/io/index.ts";
import { Dice } from "./dice.ts";
import { VolumeModel } from "./volume-model.ts";
import { AT, expectSound, lay } from "./volumes.ts";

const OPERATIONS = 400;
/** After this many operations the volume is checked, and a new writer goes on with what the last one left. */
const OPERATIONS_PER_WRITER = 100;
const OPERATIONS_PER_FENCE = 30;

test("whatever is done in whichever order, the volume is sound and holds what it should", () => {
  const layout = fc.record({
    clusterSizeBytes: fc.constantFrom(512, 4096, 16_384),
    recordSizeBytes: fc.constantFrom(1024, 4096),
    indexBlockSizeBytes: fc.constantFrom(2048, 4096),
    mftPieces: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(layout, fc.integer(), (laid, seed) => {
      const clusters = Math.ceil((16 * 1024 * 1024) / laid.clusterSizeBytes);
      let bytes = lay({ ...laid, spareClusters: clusters, spareRecords: 30 });
      const dice = new Dice(seed);
      const model = new VolumeModel({ dice, create: AT });
      for (let done = 0; done < OPERATIONS; done += OPERATIONS_PER_WRITER) {
        const overlay = new Overlay(new MemorySource(bytes));
        const writer = NtfsWriter.open(overlay);
        for (let turn = 0; turn < OPERATIONS_PER_WRITER; turn++) {
          if (dice.next(OPERATIONS_PER_FENCE) === 0) overlay.fence();
          model.operate(writer);
        }
        bytes = readBytes(overlay, 0, overlay.sizeBytes).slice();
        expectSound(new MemorySource(bytes));
        model.expectOn(new MemorySource(bytes));
      }
    }),
    { numRuns: 4 },
  );
});
