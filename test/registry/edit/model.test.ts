import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildHive } from "../../lab/hive.ts";
import { editAtRandom, editHive, faultsOf, linesOf, ModelKey, randomNumbers } from "./edits.ts";

/** How many operations the long run makes; test/interop makes 100,000. */
const OPERATION_COUNT = 2000;

/** Operations of one edit, after which the hive is written and read anew. */
const EDIT_LENGTH = 500;

/** How many short runs there are. */
const RUN_COUNT = Number(process.env["VMGUEST_MODEL_RUNS"] ?? 10);

describe("whatever is done to a hive", () => {
  test("it holds what an ordinary tree does, and has no fault", () => {
    const random = randomNumbers(1);
    let bytes = buildHive({});
    const model = ModelKey.of(bytes);
    const paths: string[] = [];
    for (let done = 0; done < OPERATION_COUNT; done += EDIT_LENGTH) {
      ({ bytes } = editHive(bytes, (editor) => {
        for (let index = 0; index < EDIT_LENGTH; index++) editAtRandom(random, paths, editor, model);
      }));
      expect(faultsOf(bytes), `after ${done} operations`).toEqual([]);
      expect(linesOf(bytes), `after ${done} operations`).toEqual(model.lines());
    }
  });

  test("it does so for any seed, version and number of edits", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(3, 4, 5, 6),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
        (seed, minor, lengths) => {
          const random = randomNumbers(seed);
          let bytes = buildHive({ Given: { Number: 1, Text: "text", Sub: { "": "x" } } }, { minor });
          const model = ModelKey.of(bytes);
          const paths = model.paths();
          for (const length of lengths) {
            ({ bytes } = editHive(bytes, (editor) => {
              for (let index = 0; index < length; index++) {
                editAtRandom(random, paths, editor, model, { sizes: [0, 4, 5, 30, 16_344, 16_345, 40_000] });
              }
            }));
            expect(faultsOf(bytes)).toEqual([]);
            expect(linesOf(bytes)).toEqual(model.lines());
          }
        },
      ),
      { numRuns: RUN_COUNT },
    );
  });
});
