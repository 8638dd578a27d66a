import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const ROOT = join(import.meta.dirname, "../..");

/** A program on a page, and what it prints. */
export interface Example {
  /** The heading that it stands under. */
  readonly heading: string;
  readonly source: string;
  /** The lines of the `text` block behind it, or else the comments behind its calls of `console.log`. */
  readonly prints: readonly string[];
}

const HEADING_OR_EXAMPLE = /^#+ (.*)$|```js\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)\n```)?/gm;

/** Every `js` block of a page. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let heading = "";
  for (const [, title, source, text] of page.matchAll(HEADING_OR_EXAMPLE)) {
    if (title !== undefined) heading = title;
    if (source === undefined) continue;
    const comments = [...source.matchAll(/console\.log.*?; \/\/ (.*)$/gm)].map(([, comment]) => `${comment}`);
    examples.push({ heading, source, prints: text?.split("\n") ?? comments });
  }
  return examples;
}

/** Makes a folder one that examples can be run in: they open samples, and may write beside them. */
export function prepareFolder(folder: string): void {
  symlinkSync(join(ROOT, "samples"), join(folder, "samples"));
}

/** What each subpath of the package is; a JSON file is a string. */
type Exports = Readonly<Record<string, string | { readonly default: string }>>;

/** What a subpath, as `vmguest/io`, exports in the source. */
export async function importFace(name: string): Promise<Readonly<Record<string, unknown>>> {
  if (name.startsWith("node:")) return await import(name);
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { exports: Exports };
  const found = exports[name.replace(/^vmguest/, ".")];
  if (found === undefined) throw new Error(`the package has no subpath ${name}`);
  if (typeof found === "string") return { default: JSON.parse(readFileSync(join(ROOT, found), "utf8")) };
  const file = found.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
  return await import(pathToFileURL(join(ROOT, file)).href);
}

const AsyncFunction = (async () => {}).constructor as new (
  ...parametersAndBody: string[]
) => (...given: unknown[]) => Promise<void>;

/** Runs an example with the modules of the source in the place of the package's; the lines that it prints. */
export async function runExample({ source }: Example): Promise<string[]> {
  const body = source
    .replaceAll(
      /^import \{ ([^}]*) \} from ("[^"]*");$/gm,
      (_, names, face) => `const { ${names} } = await importNames(${face}, ${JSON.stringify(names)});`,
    )
    .replaceAll(
      /^import (\w+) from ("[^"]*\.json") with \{ type: "json" \};$/gm,
      'const { default: $1 } = await importNames($2, "default");',
    );
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(...format(...values).split("\n"));
  // The example is this project's own text, run as a reader would.
  await new AsyncFunction("importNames", "console", body)(importNames, { log });
  return printed;
}

/** A face that exports all that an example imports from it. */
async function importNames(face: string, names: string): Promise<object> {
  const exported = await importFace(face);
  const missing = names.split(", ").filter((name) => !(name in exported));
  if (missing.length > 0) throw new Error(`${face} does not export ${missing.join(", ")}`);
  return exported;
}
