// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as vhd from "../../src/disk/vhd/layout.ts";
import * as vhdx from "../../src/disk/vhdx/layout.ts";

const FOLDER = join(import.meta.dirname, "../../docs/formats");

describe.each([
  { page: "vhdx.md", layout: vhdx },
  { page: "vhd.md", layout: vhd },
])("docs/formats/$page", ({ page, layout }) => {
  const text = readFileSync(join(FOLDER, page), "utf8");
  const tables = Object.entries(layout).flatMap(([name, declared]) =>
    typeof declared === "function" ? [{ name, table: declared.table() }] : [],
  );

  test("has a place for every declared structure, and no other", () => {
    const named = [...text.matchAll(/<!-- table: (\w+) -->/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(tables.map(({ name }) => name).sort());
  });

  test.each(tables)("shows $name as it is declared", ({ name, table }) => {
    const [, shown] = text.split(`<!-- table: ${name} -->`);
    expect(shown?.split("<!-- end -->")[0]?.trim()).toBe(table);
  });
});
