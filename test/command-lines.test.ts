import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkArguments } from "../src/cli/check-arguments.ts";
import { findCommand, loadCommands } from "../src/cli/commands.ts";
import { readArguments } from "../src/cli/full-arguments.ts";
import { readPlainArguments } from "../src/cli/plain-arguments.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);

/** Command lines in the blocks of a page: after a prompt, in a pipeline or as a step of a CI's file. */
const COMMAND_LINE = /^(?:.*\| )?(?: *- (?:run: )?)?(?:\$ | {4})?vmguest ([a-z].*)$/;

function commandLinesOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```.*\n([\s\S]*?)^```|^ {4}.*$/gm)].map(([block]) => block);
  return blocks
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => {
      const [, words] = COMMAND_LINE.exec(line) ?? [];
      // What a shell would take for itself, and what stands for any words.
      return words === undefined || /\.\.\.|<|usage/.test(words)
        ? []
        : [words.replace(/ +(#|\||2?>).*$/, "")];
    });
}

/** The words of a line as a shell makes them, as far as the pages use one: quotes, and variables left as they are. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|\$\{\{[^}]*\}\}|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/\$\{\{[^}]*\}\}/g, "1").replaceAll(/['"]/g, ""),
  );
}

const LINES = PAGES.flatMap((page) =>
  commandLinesOf(readFileSync(join(ROOT, page), "utf8")).map((line) => [page, line] as const),
);

test("the pages have command lines", () => {
  expect(LINES.length).toBeGreaterThan(40);
});

test.each(LINES)("%s: vmguest %s is a command line that is understood", async (_, line) => {
  await expectUnderstood(splitWords(line));
});

test("so are the arguments of the Kubernetes job", async () => {
  const text = readFileSync(join(ROOT, "samples/kubernetes-audit.yaml"), "utf8");
  const [, args = ""] = /args:\n((?: +- .*\n)+)/.exec(text) ?? [];
  const words = [...args.matchAll(/- (.*)/g)].map(([, word]) => word as string);
  expect(words.length).toBeGreaterThan(5);
  await expectUnderstood(words);
  const [, count] = /completions: (\d+)/.exec(text) ?? [];
  expect(words).toContain(`--shard=auto/${count}`);
});

async function expectUnderstood(words: readonly string[]): Promise<void> {
  const found = findCommand(words);
  if (found === undefined) throw new Error("no command");
  const command = await found.entry.load();
  const raw = readPlainArguments(command, found.rest);
  if (raw !== undefined) {
    checkArguments(command, raw);
    return;
  }
  const request = await readArguments(await loadCommands(), words, { version: "0", width: 100 });
  if (!("command" in request)) throw new Error(request.text);
  checkArguments(request.command, request.raw);
}
