// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource } from "../../../src/io/index.ts";
import { Hive } from "../../../src/registry/index.ts";
import { listHive } from "../../lab/hive.ts";
import { readFixture } from "../../support/fixtures.ts";
import { listWithReglookup, reglookupLines, writeWithHivex } from "./hive-peers.ts";
import { planHive } from "./hive-plan.ts";

const HIVE_COUNT = 64;

const folder = mkdtempSync(join(tmpdir(), "vmguest-hives-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a hive that hivex wrote is read as other programs read it:", () => {
  test.each(Array.from({ length: HIVE_COUNT }, (_, seed) => seed))("hive %i", (seed) => {
    const path = join(folder, `${seed}.hive`);
    writeFileSync(path, readFixture("hive/hivex-minimal"));
    const written = writeWithHivex(path, planHive(seed));
    using file = FileSource.open(path);
    const hive = Hive.open(file);
    const listing = listHive(hive);
    expect(listing.errors).toEqual([]);
    expect([...listing.lines].sort()).toEqual(written.sort());
    expect([...reglookupLines(hive.root)].sort()).toEqual(listWithReglookup(path).sort());
  });
});
