import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { buildHive } from "../lab/hive.ts";
import {
  editAtRandom,
  editHive,
  faultsOf,
  linesOf,
  ModelKey,
  randomNumbers,
} from "../registry/edit/edits.ts";
import { expectSameElsewhere, HiveFolder, run } from "./registry-edit-tools.ts";

const OPERATIONS = 100_000;
/** What one edit does, after which the hive is written, checked, compared and read anew. */
const OPERATIONS_PER_EDIT = 1000;

const hives = new HiveFolder();
afterAll(() => rmSync(hives.path, { recursive: true }));

test(`${OPERATIONS} random operations on keys and values leave what a model says, for us and for others`, () => {
  const random = randomNumbers(20_261_122);
  let bytes = buildHive({});
  const model = ModelKey.of(bytes);
  const paths: string[] = [];
  for (let done = 0; done < OPERATIONS; done += OPERATIONS_PER_EDIT) {
    ({ bytes } = editHive(bytes, (editor) => {
      for (let turn = 0; turn < OPERATIONS_PER_EDIT; turn++) editAtRandom(random, paths, editor, model);
    }));
    expect(faultsOf(bytes), `after ${done} operations`).toEqual([]);
    expect(linesOf(bytes), `after ${done} operations`).toEqual(model.lines());
  }
  expect(model.paths().length).toBeGreaterThan(5000);
  const path = hives.write(bytes);
  expectSameElsewhere(path, bytes);
  expect(linesOfExport(run("env", "PERL_UNICODE=O", "hivexregedit", "--export", path, "\\"))).toEqual(
    model.lines(),
  );
  // It opens its output anew, which goes with a pipe of the shell only.
  expect(run("sh", "-c", 'hivexml "$1" | cat', "sh", path).split("<node ").length - 1).toBe(
    model.paths().length + 1,
  );
});

/** The lines of a listing, sorted, of what hivexregedit exports. */
function linesOfExport(text: string): string[] {
  const lines: string[] = [];
  for (const section of text.trimEnd().split("\n\n").slice(1)) {
    const [heading = "", ...values] = section.split("\n");
    const path = heading.slice(1, -1);
    lines.push(`K\t${path}\t${values.length}`);
    for (const value of values) {
      const [, name = "", isDword, type = "4", hex = ""] =
        /^(?:@|"(.*)")=(?:(dword)|hex\((\w+)\)):(.*)$/.exec(value) ?? expect.unreachable(value);
      const data = Buffer.from(hex.replaceAll(",", ""), "hex");
      if (isDword !== undefined) data.reverse();
      const digest = createHash("sha1").update(data).digest("hex").slice(0, 12);
      lines.push(`V\t${path}\t${name}\t${Number.parseInt(type, 16)}\t${data.length}\t${digest}`);
    }
  }
  return lines.toSorted();
}
