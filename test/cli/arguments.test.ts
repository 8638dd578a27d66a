import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { checkArguments } from "../../src/cli/check-arguments.ts";
import { type AnyCommand, defineCommand, type RawArguments } from "../../src/cli/command.ts";
import { loadCommands } from "../../src/cli/commands.ts";
import { readArguments } from "../../src/cli/full-arguments.ts";
import { readPlainArguments } from "../../src/cli/plain-arguments.ts";
import { run } from "./run.ts";

let commands: readonly AnyCommand[] = [];
beforeAll(async () => {
  commands = await loadCommands();
});

/** Words of command lines: good, wrong and tricky ones. */
const WORDS = [
  ...[
    "web.vhdx",
    "fleet",
    "HKLM\\SOFTWARE",
    "007",
    "1e3",
    "a=b",
    "true",
    "",
    "'quoted'",
    '"quoted"',
    "-",
    "__proto__",
  ],
  ...[
    "--format",
    "--format=json",
    "--format=xml",
    "json",
    "text",
    "--host",
    "--host=ws2016",
    "--host=",
    "ws2019",
  ],
  ...[
    "--stats",
    "--stats=false",
    "--no-stats",
    "--quiet",
    "--volume",
    "--volume=3",
    "3",
    "--value",
    "--recursive",
  ],
  ...["--fail-on", "outdated,missing", "--fail-on=error", "--output=x=y", "--min-version", "6.3", "--force"],
  ...["-h", "--help", "--version", "--bogus", "-q", "--constructor", "--__proto__=x", "---", "-1"],
];

/** Where several things are wrong, each parser may name another one first. */
const MISTAKE = "a mistake";

/** What a command would be run with, or that it would not. */
async function readFully(command: AnyCommand, words: readonly string[]): Promise<unknown> {
  const argv = [...command.name.split(" "), ...words];
  try {
    const request = await readArguments(commands, argv, { version: "1.2.3", width: 100 });
    return "text" in request ? request.text : [request.command.name, checkArguments(command, request.raw)];
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE" });
    return MISTAKE;
  }
}

function check(command: AnyCommand, raw: RawArguments): unknown {
  try {
    return [command.name, checkArguments(command, raw)];
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE" });
    return MISTAKE;
  }
}

describe("the plain parser", () => {
  test("reads what it reads as yargs does", async () => {
    const line = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 });
    const name = fc.constantFrom(...commands.map(({ name }) => name));
    await fc.assert(
      fc.asyncProperty(name, line, async (name, words) => {
        const command = commands.find((candidate) => candidate.name === name) as AnyCommand;
        const raw = readPlainArguments(command, words);
        fc.pre(raw !== undefined);
        expect(check(command, raw)).toEqual(await readFully(command, words));
      }),
      { numRuns: 60, maxSkipsPerRun: 1000 },
    );
  });

  const COMMAND = defineCommand({
    name: "copy",
    describe: "",
    details: "",
    positionals: { source: { describe: "" }, target: { describe: "", isOptional: true } },
    options: { format: { kind: "text", describe: "" }, force: { kind: "flag", describe: "" } },
    examples: [],
    run: async () => 0,
  });

  test.each([
    { argv: ["a"], raw: { source: "a" } },
    { argv: ["a", "b"], raw: { source: "a", target: "b" } },
    { argv: ["--force", "a", "--format", "json"], raw: { source: "a", force: true, format: "json" } },
    { argv: ["a", "--format=x=y"], raw: { source: "a", format: "x=y" } },
    { argv: ["--force", "--", "--format", "-x"], raw: { source: "--format", target: "-x", force: true } },
  ])("understands $argv", ({ argv, raw }) => {
    expect(readPlainArguments(COMMAND, argv)).toEqual(raw);
  });

  test.each([
    { argv: [] },
    { argv: ["a", "b", "c"] },
    { argv: ["a", "--help"] },
    { argv: ["a", "-f"] },
    { argv: ["a", "--format"] },
    { argv: ["a", "--format", "--force"] },
    { argv: ["a", "--format", "x", "--format", "y"] },
    { argv: ["--force", "true"] },
    { argv: ["a", "--force=true"] },
    { argv: ["'a'"] },
    { argv: ["a", "--constructor", "x"] },
  ])("leaves $argv to yargs", ({ argv }) => {
    expect(readPlainArguments(COMMAND, argv)).toBeUndefined();
  });
});

test.each([
  {
    line: "nope",
    message: '"nope" is no command: audit, report merge, report diff, table, plan, stage, rollback, ',
  },
  { line: "registry", message: '"registry" alone is no command: registry query' },
  { line: "registry delete", message: '"registry delete" is no command: registry query' },
  { line: "files rm x", message: '"files rm" is no command: files list, files cat, files copy-out' },
  {
    line: "audit",
    message:
      "name images, folders or patterns, or a list of them with --files-from (see vmguest audit --help)",
  },
  { line: "registry query web.vhdx", message: "too few words for registry query <image> <key>" },
  { line: "services a.vhdx b.vhdx", message: '"b.vhdx" is one word too many (see vmguest services --help)' },
  { line: "audit -x.vhdx", message: "there is no option -x.vhdx; -- has to stand before a name that begins" },
  {
    line: "audit a -x.vhdx",
    message: "there is no option -x.vhdx; -- has to stand before a name that begins",
  },
  { line: "audit -", message: '"-" is not understood: images are files, and stdout' },
  { line: "audit a.vhdx -", message: '"-" is not understood' },
  { line: "audit a.vhdx --output -", message: '"-" is not understood' },
  { line: "files list -", message: '"-" is not understood' },
  { line: "audit x --bogus", message: "there is no option --bogus (see vmguest audit --help)" },
  { line: "audit x --bogus=1", message: "there is no option --bogus (" },
  { line: "audit x -q", message: "there is no option -q (" },
  { line: "audit x --no-stats", message: "there is no option --no-stats (" },
  { line: "--stats audit x", message: "there is no option --stats (see vmguest --help)" },
  { line: "audit x --format", message: "--format needs a value (" },
  { line: "audit x --format=", message: "--format needs a value (" },
  { line: "audit x --format --stats", message: "--format needs a value (" },
  {
    line: "audit x --format xml",
    message: '--format takes table, json, ndjson, csv, junit, markdown, html, not "xml" (',
  },
  {
    line: "audit x --format xml -q",
    message: '--format takes table, json, ndjson, csv, junit, markdown, html, not "xml" (',
  },
  { line: "audit x --format json --format json", message: "--format is given 2 times (" },
  {
    line: "audit x --fail-on outdated,current",
    message:
      '--fail-on takes outdated, missing, unknown, inconsistent, staging, no-guest, error, warning, none, not "current"',
  },
  { line: "audit x --fail-on outdated,", message: "--fail-on needs a value (" },
  { line: "audit x --host ws2003", message: "--host takes win8, ws2012, " },
  {
    line: "audit x --min-version new",
    message: '--min-version takes a version like 6.3.9600.18692, not "new"',
  },
  { line: "audit x --fail-on none,outdated", message: "--fail-on takes none alone, not with outdated (" },
  { line: "audit x --null", message: "--null is about the list of --files-from, which is not given (" },
  { line: "audit x --events --quiet", message: "--events tells what --quiet wants untold (" },
  { line: "audit - --files-from x", message: '"-" is not understood' },
  { line: "table --guest os2", message: "--guest takes xp, vista, " },
  { line: "files list x --volume one", message: '--volume takes a whole number, not "one" (' },
  { line: "files list x --volume -1", message: '--volume takes a whole number, not "-1" (' },
])("vmguest $line is wrong usage, in one line", async ({ line, message }) => {
  const { code, stdout, stderr } = await run(line.split(" "));
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^vmguest: [^\n]+\n$/);
  expect(stderr).toContain(message);
});

test("no command at all is wrong usage, and the help says what there is", async () => {
  const { code, stdout, stderr } = await run([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("vmguest audit [paths..]");
});
