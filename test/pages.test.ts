import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as vmguest from "../src/index.ts";
import * as io from "../src/io/index.ts";
import * as packages from "../src/package/index.ts";

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

const FACES: Readonly<Record<string, object>> = { vmguest, "vmguest/io": io, "vmguest/package": packages };
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const EXAMPLES = [...README.matchAll(/```js\n([\s\S]*?)```/g)].map(([, source]) => source as string);

// The examples open samples.
execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);

test.each([...EXAMPLES.entries()])("the README's library example %i prints what it says", (_, example) => {
  const imported: Record<string, unknown> = {};
  const source = example.replaceAll(
    /^import \{ (.*) \} from "(.*)";$/gm,
    (_, names: string, face: string) => {
      for (const name of names.split(", ")) {
        expect(FACES[face]).toHaveProperty(name);
        imported[name] = (FACES[face] as Record<string, unknown>)[name];
      }
      return "";
    },
  );
  const printed: string[] = [];
  process.chdir(ROOT);
  const log = (...texts: unknown[]) => printed.push(texts.join(" "));
  // The example is this project's own text, run as a reader would.
  new Function(...Object.keys(imported), "console", source)(...Object.values(imported), { log });
  expect(printed).toEqual([...source.matchAll(/console\.log.*?\/\/ (.*)$/gm)].map(([, text]) => text));
  expect(printed).not.toEqual([]);
});
