import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as vhd from "../src/disk/vhd/layout.ts";
import * as vhdx from "../src/disk/vhdx/layout.ts";
import * as ntfs from "../src/fs/ntfs/layout.ts";
import * as ntfsSecurity from "../src/fs/ntfs/security/layout.ts";
import * as wof from "../src/fs/ntfs/wof/layout.ts";
import * as undo from "../src/io/commit/layout.ts";
import * as authenticode from "../src/package/authenticode/layout.ts";
import * as cab from "../src/package/cab/layout.ts";
import * as iso9660 from "../src/package/iso/iso9660/layout.ts";
import * as udf from "../src/package/iso/udf/layout.ts";
import * as msi from "../src/package/msi/layout.ts";
import * as pe from "../src/package/pe/layout.ts";
import { renderActionTable, renderServiceTable, renderUpdateTables } from "../src/policy/index.ts";
import * as regf from "../src/registry/layout.ts";
import { renderPreconditions } from "../src/staging/preconditions/index.ts";
import { renderExitActions, renderExitCodes } from "../src/staging/script/index.ts";
import * as partitions from "../src/volume/layout.ts";
import { cliPage } from "./docs/cli-page.ts";
import { errorsPage } from "./docs/errors-page.ts";
import { renderPackageChoices } from "./docs/package-choices.ts";
import { readmePage } from "./docs/readme-page.ts";
import { fillTables, tablesOf } from "./docs/tables.ts";

const ROOT = join(import.meta.dirname, "..");
const FORMATS = {
  vhd,
  vhdx,
  partitions,
  ntfs: { ...ntfs, ...ntfsSecurity },
  wof,
  regf,
  pe,
  authenticode,
  cab,
  msi,
  mum: {},
  iso9660,
  udf,
  undo,
};

/** What a page should be, from what it is: pages made whole ignore that, the others have their tables filled in. */
type Maker = (page: string) => string | Promise<string>;

/** Every page that is generated, or has parts that are. `npm run docs` writes them; here they are only compared. */
const PAGES: Readonly<Record<string, Maker>> = {
  "README.md": (page) => readmePage(page, ROOT),
  "docs/cli.md": cliPage,
  "docs/errors.md": errorsPage,
  "docs/update-table.md": (page) => fillTables(page, { "update tables": renderUpdateTables() }),
  "docs/refusals.md": (page) => fillTables(page, { preconditions: renderPreconditions() }),
  "docs/first-boot.md": (page) =>
    fillTables(page, { actions: renderExitActions(), "exit codes": renderExitCodes() }),
  "docs/packages.md": (page) => fillTables(page, { choices: renderPackageChoices() }),
  "docs/verdicts.md": (page) =>
    fillTables(page, { actions: renderActionTable(), services: renderServiceTable() }),
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([name, layout]) => [
      `docs/formats/${name}.md`,
      (page: string) => fillTables(page, tablesOf(layout)),
    ]),
  ),
};

// The README's commands run on the samples.
execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);

test.each(Object.entries(PAGES))("%s says what the code says", async (path, make) => {
  const file = join(ROOT, path);
  await expect(await make(readFileSync(file, "utf8"))).toMatchFileSnapshot(file);
});

test("every format has its page, and every page its format", () => {
  const pages = readdirSync(join(ROOT, "docs/formats")).toSorted();
  expect(pages).toEqual(
    Object.keys(FORMATS)
      .map((name) => `${name}.md`)
      .toSorted(),
  );
});
