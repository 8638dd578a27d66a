import { commandList } from "../../src/cli/index.ts";
import { run } from "../cli/run.ts";
import { fillTables } from "./tables.ts";

const CONSOLE_BLOCK = /```console\n\$ vmguest (.*)\n[\s\S]*?```/g;

/** The README with its list of commands, and below each command line what that prints when it runs in `folder`. */
export async function readmePage(page: string, folder: string): Promise<string> {
  process.chdir(folder);
  let text = fillTables(page, { commands: await commandTable() });
  for (const [block, line = ""] of page.matchAll(CONSOLE_BLOCK)) {
    const { stdout } = await run(line.split(" "));
    text = text.replace(block, () => `\`\`\`console\n$ vmguest ${line}\n${stdout.trimEnd()}\n\`\`\``);
  }
  return text;
}

async function commandTable(): Promise<string> {
  const commands = await commandList();
  const rows = commands.map(({ name, describe }) => `| \`vmguest ${name}\` | ${describe} |`);
  return ["| command | does |", "| --- | --- |", ...rows].join("\n");
}
