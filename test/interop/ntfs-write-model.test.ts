import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NtfsWriter } from "../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay, readBytes } from "../../src/io/index.ts";
import { Dice } from "../fs/ntfs/write/dice.ts";
import { VolumeModel } from "../fs/ntfs/write/volume-model.ts";
import { ADMIN_ONLY_PATH, codesOf, format, mounted, run } from "./ntfs-write-tools.ts";

const OPERATIONS = 100_000;
const OPERATIONS_PER_CHECK = 1000;
const FENCE_EVERY = 100;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-ntfs-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

test(`${OPERATIONS} random operations on directories leave what a model says, for us and for others`, () => {
  const image = join(folder, "model.raw");
  format(image, { sizeMib: 16, clusterSizeBytes: 4096, sectorSizeBytes: 512 });
  const dice = new Dice(20_261_122);
  const model = new VolumeModel({
    dice,
    create: { time: 130_813_488_000_000_000n, securityLike: ADMIN_ONLY_PATH },
    shares: { createDirectory: 2, deleteDirectory: 4, deleteFile: 36, extend: 12, overwrite: 0, replace: 0 },
    filesMax: 900,
    directoriesMax: 6,
    sizes: [10, 600, 5000],
  });
  const known = codesOf(new MemorySource(readFileSync(image)));
  let bytes: Uint8Array = readFileSync(image);
  for (let done = 0; done < OPERATIONS; done += OPERATIONS_PER_CHECK) {
    const overlay = new Overlay(new MemorySource(bytes));
    const writer = NtfsWriter.open(overlay);
    for (let turn = 0; turn < OPERATIONS_PER_CHECK; turn++) {
      if (turn % FENCE_EVERY === 0) overlay.fence();
      model.operate(writer);
    }
    bytes = readBytes(overlay, 0, overlay.sizeBytes).slice();
    expect(codesOf(new MemorySource(bytes))).toEqual(known);
    model.expectOn(new MemorySource(bytes));
  }
  expect(model.paths.size).toBeGreaterThan(800);
  writeFileSync(image, bytes);
  expectOthersAgree(image, model.paths);
});

/** That ntfs-3g, ntfsfix, ntfsresize and the Sleuth Kit find a sound volume with exactly these files. */
function expectOthersAgree(image: string, paths: ReadonlyMap<string, Uint8Array | undefined>): void {
  expect(run("ntfsfix", "-n", image)).toContain("was processed successfully");
  expect(run("ntfsresize", "--info", "-f", image)).toContain("You might resize at");
  // It lists what is left in index blocks that are free again, too.
  const listed = new Set(
    run("fls", "-r", "-p", "-u", image)
      .split("\n")
      .map((line) => line.slice(line.indexOf("\t") + 1)),
  );
  expect([...paths.keys()].filter((path) => !listed.has(path))).toEqual([]);
  mounted(image, (mount) => {
    const found = readdirSync(mount, { recursive: true, encoding: "utf8" }).filter((path) =>
      /^d\d/.test(path),
    );
    expect(found.toSorted()).toEqual([...paths.keys()].toSorted());
    const wrong = [...paths].filter(
      ([path, bytes]) => bytes !== undefined && !readFileSync(join(mount, path)).equals(bytes),
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });
}
