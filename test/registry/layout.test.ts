import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as layout from "../../src/registry/layout.ts";
import { formatPage } from "../support/format-page.ts";

const PAGE = join(import.meta.dirname, "../../docs/formats/regf.md");

test("docs/formats/regf.md shows every structure as it is declared", () => {
  const structures = Object.entries(layout).filter(([, value]) => typeof value === "function");
  const declared = Object.fromEntries(structures) as Record<string, { table(): string }>;
  expect(readFileSync(PAGE, "utf8")).toBe(formatPage(PAGE, declared));
});
