import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openImage } from "../src/index.ts";

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

test("the README's library example prints what it says", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, source = ""] = /```js\nimport \{ openImage \} from "vmguest";\n\n([\s\S]*?)```/.exec(readme) ?? [];
  const printed: unknown[] = [];
  process.chdir(ROOT);
  // The example is this project's own text, run as a reader would.
  new Function("openImage", "console", source)(openImage, { log: (text: unknown) => printed.push(text) });
  expect(printed).toHaveLength(1);
  expect(source).toContain(`// ${printed.join(" ")}`);
});
