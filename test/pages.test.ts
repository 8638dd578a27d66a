import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Example, examplesOf, prepareFolder, runExample } from "./docs/examples.ts";
import { ownFolder } from "./support/own-folder.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

test.each(PAGES)("every link in %s leads to a file that exists", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, path]) => path as string);
  expect(links.filter((path) => !existsSync(join(ROOT, dirname(page), path)))).toEqual([]);
});

// The examples open samples, and may write beside them.
execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);
beforeAll(() => {
  prepareFolder(ownFolder());
  process.chdir(ownFolder());
});
afterAll(() => process.chdir(ROOT));

/** Only built threads can wait for a web server: test/interop/package.test.ts runs those examples, out of the package. */
const needsThreads = ({ source }: Example) => source.includes('"vmguest/io/http"');

describe.each(["README.md", "docs/library.md"])("%s", (page) => {
  const examples = examplesOf(readFileSync(join(ROOT, page), "utf8"));
  const runnable = examples.filter((example) => !needsThreads(example));

  test.each(runnable)("prints what it says: $heading", async (example) => {
    expect(example.prints).not.toEqual([]);
    expect(await runExample(example)).toEqual(example.prints);
  });
});

test("docs/library.md names every subpath", () => {
  const page = readFileSync(join(ROOT, "docs/library.md"), "utf8");
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const names = Object.keys(exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => /^\.\/schema\/(.*)\.json$/.exec(subpath)?.[1] ?? subpath.replace(".", "vmguest"));
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
