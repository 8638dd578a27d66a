import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderActionTable, renderServiceTable, renderUpdateTables } from "../../src/policy/index.ts";

/** The page with the part between its markers replaced. `vitest run -u` writes it back. */
function splice(page: string, name: string, rendered: string): string {
  const start = `<!-- generated: ${name} -->\n`;
  const from = page.indexOf(start);
  const to = page.indexOf("<!-- end -->", from);
  if (from < 0 || to < 0) throw new Error(`no part "${name}"`);
  return `${page.slice(0, from + start.length)}\n${rendered}\n\n${page.slice(to)}`;
}

const DOCS = join(import.meta.dirname, "../../docs");

test.each([
  { file: "update-table.md", parts: { "update tables": renderUpdateTables() } },
  { file: "verdicts.md", parts: { actions: renderActionTable(), services: renderServiceTable() } },
])("docs/$file prints the tables as the data has them", async ({ file, parts }) => {
  const path = join(DOCS, file);
  const printed = Object.entries(parts).reduce(
    (page, [name, rendered]) => splice(page, name, rendered),
    readFileSync(path, "utf8"),
  );
  await expect(printed).toMatchFileSnapshot(path);
});
