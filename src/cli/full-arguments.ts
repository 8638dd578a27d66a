// SPDX-License-Identifier: MIT
import yargs, { type Argv } from "yargs";
import { VmguestError } from "../errors.ts";
import { type AnyCommand, type Option, type RawArguments, usageOf } from "./command.ts";
import { checkCommandWords, checkDashes, commandOf, describeMistake } from "./mistakes.ts";

/** What a command line turned out to ask for. */
export type Request =
  | { readonly command: AnyCommand; readonly raw: RawArguments }
  /** Help, version or completion: text to print. */
  | { readonly text: string };

export interface FullOptions {
  readonly version: string;
  /** Columns to which help is wrapped. */
  readonly width: number;
}

/**
 * Reads any command line with yargs, strictly: what no command declares is an error. Throws USAGE, with one sentence
 * that names what is wrong.
 */
export async function readArguments(
  commands: readonly AnyCommand[],
  argv: readonly string[],
  options: FullOptions,
): Promise<Request> {
  checkCommandWords(commands, argv);
  checkDashes(argv);
  let chosen: Request | undefined;
  const parser = describeProgram(
    commands,
    { ...options, called: commandOf(commands, typedWords(argv)) },
    (command, raw) => {
      chosen = { command, raw };
    },
  );
  const { error, output } = await parse(parser, argv);
  if (error !== undefined) throw new VmguestError("USAGE", describeMistake(error, commands, argv));
  if (chosen !== undefined) return chosen;
  return { text: output === "" ? "" : `${output}\n` };
}

/** The words of a command line, also of one that the shell wants completed. */
function typedWords(argv: readonly string[]): readonly string[] {
  const [first, , ...words] = argv;
  if (first !== "--get-yargs-completions") return argv;
  // The second word, still being typed, may become that of a longer name.
  return words.length > 2 ? words : [];
}

type Choose = (command: AnyCommand, raw: RawArguments) => void;

/** Words and numbers are what was typed: nothing is split at dots, negated, or turned into a number. */
const PARSER = {
  "boolean-negation": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "short-option-groups": false,
};

function describeProgram(
  commands: readonly AnyCommand[],
  { version, width, called }: FullOptions & { readonly called: AnyCommand | undefined },
  choose: Choose,
): Argv {
  const program = yargs()
    .scriptName("vmguest")
    .locale("en")
    .parserConfiguration(PARSER)
    .usage("$0 <command> [options]\n\nAudits the Hyper-V integration services of stopped virtual machines.")
    .version(version)
    .help()
    .alias("help", "h")
    .wrap(width)
    .strict()
    .showHelpOnFail(false)
    .demandCommand(1)
    .epilogue("Every command explains itself and gives examples with --help.");
  for (const group of groupsOf(commands)) {
    const named = group.commands.find(({ name }) => name === group.name);
    if (named !== undefined && (group.commands.length === 1 || named === called)) {
      addCommand(program, named, usageOf(named), choose);
    } else {
      addGroup(program, group, choose);
    }
  }
  return program.completion(
    "completion",
    "Print a script that completes commands and options in bash and zsh",
  );
}

/** What the commands with the same first word have in common. */
const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  files: "Look into an image",
  package: "Look into update packages (CAB, MSU, MSI, ISO)",
  services: "List the integration services of a guest, or change how they start",
};

interface Group {
  /** First word of the commands in it. */
  readonly name: string;
  readonly commands: readonly AnyCommand[];
}

function groupsOf(commands: readonly AnyCommand[]): Group[] {
  const names = [...new Set(commands.map(({ name }) => firstWord(name)))];
  return names.map((name) => ({
    name,
    commands: commands.filter((command) => firstWord(command.name) === name),
  }));
}

const firstWord = (name: string) => name.split(" ")[0] ?? name;

function addGroup(program: Argv, { name, commands }: Group, choose: Choose): void {
  // A command that has the name of the group itself is told by what stands behind it, which yargs does not look at.
  const actions = commands.filter((command) => command.name !== name);
  const verbs = actions.map((command) => command.name.slice(name.length + 1));
  const [only] = commands.length === 1 ? commands : [];
  const describe = only?.describe ?? `${GROUP_SUMMARIES[name] ?? "Several commands"}: ${verbs.join(", ")}`;
  const usage = actions.length === commands.length ? `${name} <action>` : name;
  program.command(usage, describe, (group) => {
    for (const command of actions)
      addCommand(group, command, usageOf(command).slice(name.length + 1), choose);
    return group.demandCommand(1);
  });
}

function addCommand(parent: Argv, command: AnyCommand, usage: string, choose: Choose): void {
  parent.command(
    usage,
    command.describe,
    (parser) => {
      for (const [name, { describe }] of Object.entries(command.positionals)) {
        parser.positional(name, { describe, type: "string", default: undefined });
      }
      for (const [name, option] of Object.entries(command.options))
        parser.option(name, describeOption(option));
      return parser.usage(`$0 ${usageOf(command)}\n\n${command.details}`).epilogue(describeExamples(command));
    },
    (raw) => choose(command, raw as RawArguments),
  );
}

/** Each on a line of its own, so that it can be copied. */
function describeExamples({ examples }: AnyCommand): string {
  return ["Examples:", ...examples.flatMap(([line, purpose]) => [`  ${purpose}:`, `    ${line}`])].join("\n");
}

function describeOption({ kind, describe, choices, default: standard }: Option) {
  return {
    describe,
    // In the same group as --help and --version, but before them.
    group: "Options:",
    ...(kind === "flag" ? { type: "boolean" as const } : { type: "string" as const, requiresArg: true }),
    // The values of a list come comma-separated, which yargs would take for one wrong value.
    ...(choices === undefined || kind === "list" ? {} : { choices }),
    ...(standard === undefined ? {} : { defaultDescription: standard }),
  };
}

interface Parsed {
  readonly error: string | undefined;
  readonly output: string;
}

/** The callback keeps yargs from printing and from ending the process. */
async function parse(program: Argv, argv: readonly string[]): Promise<Parsed> {
  let parsed: Parsed = { error: undefined, output: "" };
  await program.parseAsync([...argv], {}, (error, _, output) => {
    parsed = { error: error?.message, output };
  });
  return parsed;
}
