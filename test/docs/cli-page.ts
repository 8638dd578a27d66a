import { EXIT } from "../../src/cli/exit-codes.ts";
import { commandList } from "../../src/cli/index.ts";
import { run } from "../cli/run.ts";

/** What each exit code says; the type sees to it that none is forgotten. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  fine: "Everything went well.",
  policyFailed:
    "The report has what `--fail-on` forbids; or `package verify` found a package that is not to be trusted.",
  usage: "The command line is wrong, or names something that does not exist.",
  unreadable:
    "Some images (or packages, files, keys) could not be read, while the rest was; or the output could not be written.",
  unsafe: "Refused for safety.",
  internal: "A mistake in vmguest itself.",
};

/** The text of docs/cli.md: what all commands have in common, then the help of each. */
export async function cliPage(): Promise<string> {
  const commands = await commandList();
  const sections = await Promise.all(
    commands.map(async ({ name }) => section(`vmguest ${name}`, await helpOf(name.split(" ")))),
  );
  const codes = Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]) => `| ${EXIT[name as keyof typeof EXIT]} | ${meaning} |`,
  );
  return `${[INTRODUCTION, section("vmguest", await helpOf([])), ...sections, OUTPUT, EXIT_CODES, ...codes].join("\n")}\n${EXIT_ORDER}`;
}

async function helpOf(words: readonly string[]): Promise<string> {
  const { code, stdout } = await run([...words, "--help"]);
  if (code !== 0) throw new Error(`vmguest ${words.join(" ")} --help ends with ${code}`);
  return stdout;
}

function section(title: string, help: string): string {
  return `## ${title}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
}

const INTRODUCTION = `# The command line

This page is generated from the commands themselves (\`npm run docs\`).
Options may stand anywhere behind the command, as \`--name value\` or \`--name=value\`; words behind \`--\` are no options.
`;

const OUTPUT = `## Output

- Stdout carries the report and nothing else; errors, warnings and progress go to stderr. A reader of stdout that leaves
  early (\`| head\`) is no error.
- Errors are lines of \`place: sentence\`, followed by their [code](errors.md) and what can be done.
- Text from an image never reaches the terminal as it is: control characters, bidirectional overrides and the like are
  shown as \`\\x1b\` or \`\\u202e\`. In JSON they are escaped, so that the value is exact. \`files cat\` alone writes raw bytes.
- Colours are used on a terminal. \`NO_COLOR\`, \`CI\` and \`TERM=dumb\` turn them off, \`FORCE_COLOR\` turns them on (\`0\`: off).
  Tables are as wide as the terminal, else \`COLUMNS\`, else 120.
- Folders are searched with everything below them, in the order of names; symbolic links inside are not followed. Quote
  patterns that the shell is not to expand. An image named twice is taken once.
- Where packages are named, a path may go on into a file: \`vmguest.iso/support/amd64/setup.exe\`, through as many packages as
  it takes. No path of the host does that, so nothing else can be meant; reports name what is inside in the same way.
- JSON begins with \`"schema"\`, which changes when a key changes its meaning or goes away: \`vmguest.audit/1\`
  ([JSON Schema](schema/audit-1.schema.json)), \`vmguest.audit-stream/1\` ([JSON Schema](schema/audit-stream-1.schema.json)),
  \`vmguest.diff/1\` ([JSON Schema](schema/diff-1.schema.json)), \`vmguest.table/1\`, \`vmguest.services/1\`, \`vmguest.registry/1\`,
  \`vmguest.chain/1\`, \`vmguest.check/1\`, \`vmguest.files/1\`, \`vmguest.package-list/1\`
  ([JSON Schema](schema/package-list-1.schema.json)), \`vmguest.package/1\` ([JSON Schema](schema/package-1.schema.json)),
  \`vmguest.package-verification/1\` ([JSON Schema](schema/package-verification-1.schema.json)), \`vmguest.package-integrity/1\`,
  \`vmguest.package-extraction/1\`. The same image gives the same bytes of report, but with \`--timestamp\`.
- \`registry query --format json\` types the data of a value: text, a list of texts, a number for REG_DWORD, \`0x\` and
  hexadecimal digits for REG_QWORD, and the bytes in hexadecimal for everything else.
`;

const EXIT_CODES = `## Exit codes

| Code | Meaning |
| --- | --- |`;

const EXIT_ORDER = `
Where several apply, it is the first of 5, 2, 4, 3, 1. A command that a signal stops ends with 128 and the number of the signal (130
for Ctrl-C, 143 for SIGTERM), and an audit whose reader of NDJSON leaves before its end with 141.
`;
