import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { RecordFile } from "../../../src/batch/cache/record-file.ts";
import { bundleProgram } from "../../support/worker-program.ts";
import { audited, findIn, newFolder, openCache, rawFile } from "./kept-images.ts";

const run = promisify(execFile);

test("two runs that use a cache at once keep what both have audited", () => {
  const folder = newFolder();
  const file = join(folder, "cache");
  const paths = Array.from({ length: 20 }, (_, index) => rawFile(folder, `${index}`));
  {
    using one = openCache(file);
    using other = openCache(file);
    for (const [index, path] of paths.entries()) {
      const cache = index % 2 === 0 ? one : other;
      const identity = cache.identify(path, []) ?? expect.fail("no identity");
      expect(cache.store(path, audited(path), identity)).toBe(true);
    }
  }
  for (const path of paths) expect(findIn(file, path)).toEqual(audited(path));
});

test("processes that append at once leave every record whole", async () => {
  const program = await bundleProgram("test/batch/programs/keeping.ts");
  const file = join(newFolder(), "cache");
  const [processes, count, size] = [4, 200, 3000];
  const runs = Array.from({ length: processes }, (_, index) =>
    run(process.execPath, [program, file, `${index * count}`, `${count}`, `${size}`]),
  );
  await Promise.all(runs);
  using records = RecordFile.open(file, { tool: "0000700f" });
  for (let number = 0; number < processes * count; number++) {
    const payload = `${number} `.repeat(size);
    expect(
      records.find(number.toString(16).padStart(32, "0"))?.toString() === payload,
      `record ${number}`,
    ).toBe(true);
  }
  expect(statSync(file).size).toBeGreaterThan(processes * count * size * 2);
});
