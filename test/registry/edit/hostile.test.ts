import fc from "fast-check";
import { expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { encodeString, type HiveEditor } from "../../../src/registry/edit/index.ts";
import { BASE_BLOCK_SIZE } from "../../../src/registry/layout.ts";
import { buildHive } from "../../lab/hive.ts";
import { openEditor } from "./edits.ts";

/** How many damaged hives are edited; a nightly run may ask for more. */
const RUN_COUNT = Number(process.env["VMGUEST_MODEL_RUNS"] ?? 10) * 10;

const TREE = {
  A: { "@class": "class", Text: "some text", Number: 1, Sub: { Deep: {} } },
  B: { Blob: new Uint8Array(20_000), "": "default" },
  Many: Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`Key${index}`, {}])),
};

const EDITS: readonly ((editor: HiveEditor) => void)[] = [
  (editor) => editor.setValue("A", "Text", 1, encodeString("longer than it was before")),
  (editor) => editor.setValue("B", "Blob", 3, new Uint8Array(40_000)),
  (editor) => editor.createKey("Many\\Key5\\New"),
  (editor) => editor.deleteValue("B", ""),
  (editor) => editor.deleteKey("Many\\Key7"),
  (editor) => editor.deleteKey("A", { recursive: true }),
];

/** What `work` gives; undefined where it is refused. Anything else that is thrown is a fault of ours. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    return undefined;
  }
}

test("a damaged hive is refused, or its edit has no fault", () => {
  const counts = { refused: 0, edited: 0 };
  const damage = fc.record({ at: fc.nat(5000), byte: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(fc.constantFrom(3, 5), fc.array(damage, { minLength: 1, maxLength: 2 }), (minor, damages) => {
      const bytes = buildHive(TREE, { minor, leafCountMax: 4 });
      for (const { at, byte } of damages) {
        const offset = BASE_BLOCK_SIZE + at;
        bytes[offset] = (bytes[offset] ?? 0) ^ byte;
      }
      const editor = unlessRefused(() => openEditor(bytes));
      if (editor === undefined) {
        counts.refused++;
        return;
      }
      for (const edit of EDITS) unlessRefused(() => edit(editor));
      // Finishing checks the hive, and throws what is no VmguestError where it has a fault.
      editor.finish();
      counts.edited++;
    }),
    { numRuns: RUN_COUNT },
  );
  expect(counts.refused).toBeGreaterThan(0);
  expect(counts.edited).toBeGreaterThan(0);
});
