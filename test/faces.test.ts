import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, string | { readonly default: string }>>;
};
const FACES = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === "string"
    ? []
    : [{ subpath, file: target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts") }],
);

test.each(FACES)("whatever $subpath exports says what it is for", ({ file }) => {
  const found = exportsOf(file);
  expect(found.size).toBeGreaterThan(0);
  const silent = [...found].filter(([name, from]) => !isDocumented(name, from));
  expect(silent.map(([name, from]) => `${from}: ${name}`)).toEqual([]);
});

const DECLARATION = /^export (?:abstract |async )?(?:function\*?|class|const|interface|type) (\w+)/gm;
const FROM_ANOTHER = /^export (?:type )?(?:\*|\{([^}]*)\}) from "(\.[^"]+)";/gm;

/** The names that a module exports, each with the file that declares it. */
function exportsOf(file: string): Map<string, string> {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = new Map<string, string>();
  for (const [, name = ""] of text.matchAll(DECLARATION)) found.set(name, file);
  for (const [, list, target = ""] of text.matchAll(FROM_ANOTHER)) {
    const others = exportsOf(join(dirname(file), target));
    const names = list?.split(",").map((item) => item.replace(/\btype\b/, "").trim());
    for (const name of names ?? others.keys()) {
      const from = others.get(name);
      if (from !== undefined) found.set(name, from);
      else if (name !== "") throw new Error(`${file} takes ${name} from ${target}, which does not export it`);
    }
  }
  return found;
}

/** Whether a docstring stands right before one of the declarations of a name: a value and its type may share one. */
function isDocumented(name: string, file: string): boolean {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(DECLARATION)].some(
    ({ 1: declared, index }) => declared === name && text.slice(0, index).endsWith("*/\n"),
  );
}
