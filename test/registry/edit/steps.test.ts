import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { EDIT_STEPS, encodeDword, encodeString } from "../../../src/registry/edit/index.ts";
import { buildHive, buildNewLog, buildOldLog, crashed, entryOf, type HiveTree } from "../../lab/hive.ts";
import { editAtRandom, editHive, faultsOf, linesOf, ModelKey, randomNumbers, withChanges } from "./edits.ts";
import { expectSoundThroughout } from "./interruptions.ts";

/** How many random edits are cut off everywhere; a nightly run may ask for more. */
const RUN_COUNT = Number(process.env["VMGUEST_MODEL_RUNS"] ?? 5);

const SETUP: HiveTree = {
  Setup: { CmdLine: "oobe", SetupType: 0, SystemSetupInProgress: 0, Sub: { Deeper: {} } },
  Many: Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`Key${index}`, { Value: "x".repeat(40) }]),
  ),
  Blob: new Uint8Array(30_000).fill(7),
};

const digestOf = (text: string) =>
  createHash("sha1")
    .update(encodeUtf16(`${text}\0`))
    .digest("hex")
    .slice(0, 12);

test("the steps come in their order, and together are the changes", () => {
  const bytes = buildHive(SETUP);
  const { edit, bytes: whole } = editHive(bytes, (editor) => {
    editor.createKey("Setup\\New\\Deep");
    editor.setValue("Setup", "CmdLine", 1, encodeString("cmd.exe /c run.cmd"));
    editor.setValue("Setup", "Blob", 3, new Uint8Array(100_000));
    editor.deleteKey("Many", { recursive: true });
  });
  expect(edit.steps.map(({ name }) => name)).toEqual(["fresh", "allocate", "link", "release", "seal"]);
  expect(EDIT_STEPS.filter((name) => edit.steps.some((step) => step.name === name))).toEqual(
    edit.steps.map(({ name }) => name),
  );
  const inSteps = edit.steps.reduce(
    (file, { changes }) => withChanges(file, changes),
    withChanges(bytes, [], edit.sizeBytes),
  );
  expect(Buffer.compare(inSteps, whole)).toBe(0);
  expect(edit.steps.at(-1)?.changes.map(({ offset }) => offset)).toContain(0);
});

describe("wherever the writing of an edit is cut off, the hive is sound", () => {
  test.each([
    {
      what: "a value in place",
      edit: (editor) => editor.setValue("Setup", "SetupType", 4, encodeDword(2)),
      steps: ["link", "seal"],
    },
    {
      what: "a longer string",
      edit: (editor) =>
        editor.setValue("Setup", "CmdLine", 1, encodeString("C:\\Windows\\System32\\cmd.exe")),
      steps: ["fresh", "allocate", "link", "release", "seal"],
    },
    {
      what: "a new key with values",
      edit: (editor) => {
        editor.createKey("Setup\\New\\Deep");
        editor.setValue("Setup\\New", "a", 1, encodeString("some text"));
      },
      steps: ["fresh", "allocate", "link", "release", "seal"],
    },
    {
      what: "new bins",
      edit: (editor) => editor.setValue("Setup\\Sub", "Blob", 3, new Uint8Array(50_000).fill(1)),
      steps: ["fresh", "allocate", "link", "seal"],
    },
    {
      what: "a tree that goes",
      edit: (editor) => editor.deleteKey("Many", { recursive: true }),
      // A shorter list of keys for the root takes the place of the longer one.
      steps: ["fresh", "allocate", "link", "release", "seal"],
    },
  ] satisfies { what: string; edit: Parameters<typeof editHive>[1]; steps: string[] }[])(
    "with $what",
    ({ edit, steps }) => {
      const bytes = buildHive(SETUP);
      const edited = editHive(bytes, edit);
      expect(edited.edit.isSoundThroughout).toBe(true);
      expect(edited.edit.steps.map(({ name }) => name)).toEqual(steps);
      expectSoundThroughout({ bytes, logs: [], edited });
    },
  );

  test("with any edits of any hive", () => {
    let soundCount = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 25 }), (seed, count) => {
        const random = randomNumbers(seed);
        // Deleted keys leave free cells of all sorts behind.
        let bytes = buildHive(SETUP, {
          minor: 3 + random(4),
          leafCountMax: 15,
          slackBytes: 4096 * random(3),
        });
        const model = ModelKey.of(bytes);
        const paths = model.paths();
        for (const length of [40, count]) {
          const edited = editHive(bytes, (editor) => {
            for (let index = 0; index < length; index++) editAtRandom(random, paths, editor, model);
          });
          if (edited.edit.isSoundThroughout) soundCount++;
          if (length === count) expectSoundThroughout({ bytes, logs: [], edited }, seed);
          bytes = edited.bytes;
        }
      }),
      { numRuns: RUN_COUNT },
    );
    expect(soundCount).toBeGreaterThan(RUN_COUNT);
  });

  const hive = buildHive({ Setup: { CmdLine: "oobe" } }, { sequence: 7 });
  const next = buildHive(
    { Setup: { Recovered: "text", CmdLine: "logged", Blob: new Uint8Array(9000) } },
    { sequence: 8 },
  );

  test.each([
    { format: "new", log: buildNewLog(hive, [entryOf(hive, next, 7)]) },
    { format: "old", log: buildOldLog(hive, next) },
  ])("with a hive that needs its $format-format log first", ({ log }) => {
    const bytes = crashed(hive, 8);
    const edited = editHive(
      bytes,
      (editor) => editor.setValue("Setup", "CmdLine", 1, encodeString("edited")),
      [log],
    );
    expect(edited.edit.steps.map(({ name }) => name).slice(0, 2)).toEqual(["replay", "recover"]);
    expectSoundThroughout({ bytes, logs: [log], edited });
    expect(faultsOf(edited.bytes, [log])).toEqual([]);
    expect(linesOf(edited.bytes)).toContain(`V\t\\Setup\tRecovered\t1\t10\t${digestOf("text")}`);
  });
});
