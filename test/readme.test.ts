import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandList } from "../src/cli/index.ts";
import { openImage } from "../src/index.ts";
import { run } from "./cli/run.ts";

const ROOT = join(import.meta.dirname, "..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);

/** The README with what its commands print now; `npm run docs` writes it. */
async function renderedReadme(): Promise<string> {
  let text = readme;
  for (const [block, line] of readme.matchAll(/```console\n\$ vmguest (.*)\n[\s\S]*?```/g)) {
    const { stdout } = await run((line ?? "").split(" "));
    text = text.replace(block, () => `\`\`\`console\n$ vmguest ${line}\n${stdout.trimEnd()}\n\`\`\``);
  }
  const commands = await commandList();
  const rows = commands.map(({ name, describe }) => `| \`vmguest ${name}\` | ${describe} |`);
  const table = ["| command | does |", "| --- | --- |", ...rows].join("\n");
  return text.replace(
    /<!-- commands -->[\s\S]*?<!-- end -->/,
    () => `<!-- commands -->\n\n${table}\n\n<!-- end -->`,
  );
}

describe("the README", () => {
  test("shows what its commands print, and lists the commands there are", async () => {
    process.chdir(ROOT);
    await expect(await renderedReadme()).toMatchFileSnapshot("../README.md");
  });

  test("names files that exist", () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path as string);
    expect(links.length).toBeGreaterThan(10);
    for (const path of links) expect(() => execFileSync("ls", [join(ROOT, path)]), path).not.toThrow();
  });

  test("has a library example that is true", () => {
    const [, source = ""] =
      /```js\nimport \{ openImage \} from "vmguest";\n\n([\s\S]*?)```/.exec(readme) ?? [];
    const printed: unknown[] = [];
    // The example is this project's own text, run as a reader would.
    new Function("openImage", "console", source)(openImage, { log: (text: unknown) => printed.push(text) });
    expect(source).toContain(`// ${printed.join(" ")}`);
  });
});
