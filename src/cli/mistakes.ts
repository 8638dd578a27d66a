// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { type AnyCommand, usageOf } from "./command.ts";

/** Words that yargs brings along. */
const OWN_WORDS: readonly string[] = ["completion"];

/** The command whose words a command line begins with. */
export function commandOf(commands: readonly AnyCommand[], argv: readonly string[]): AnyCommand | undefined {
  return commands.find(({ name }) => name.split(" ").every((word, index) => argv[index] === word));
}

/** Throws USAGE where the words that a command line begins with name no command. */
export function checkCommandWords(commands: readonly AnyCommand[], argv: readonly string[]): void {
  const [first, second] = argv;
  if (first === undefined || first.startsWith("-") || OWN_WORDS.includes(first)) return;
  const names = commands.map(({ name }) => name);
  if (names.includes(first)) return;
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw unknownWords(first, names);
  if (second === undefined)
    throw new VmguestError("USAGE", `"${first}" alone is no command: ${group.join(", ")}`);
  if (!second.startsWith("-") && !group.includes(`${first} ${second}`))
    throw unknownWords(`${first} ${second}`, group);
}

function unknownWords(words: string, names: readonly string[]): VmguestError {
  return new VmguestError("USAGE", `"${words}" is no command: ${names.join(", ")}`);
}

/** Options whose value may be `-`, which is stdin. */
const STDIN_OPTIONS: readonly (string | undefined)[] = ["--files-from"];

/** Throws USAGE for a lone `-`, which yargs drops from a list of words: an image left out must not go unnoticed. */
export function checkDashes(argv: readonly string[]): void {
  const end = argv.indexOf("--");
  const tokens = argv.slice(0, end < 0 ? undefined : end);
  if (!tokens.some((token, index) => token === "-" && !STDIN_OPTIONS.includes(tokens[index - 1]))) return;
  throw new VmguestError("USAGE", '"-" is not understood: images are files, and stdout is where output goes');
}

/** One sentence of what yargs complains about, with options spelled as they are typed. */
export function describeMistake(
  message: string,
  commands: readonly AnyCommand[],
  argv: readonly string[],
): string {
  const [, unknown] = /^Unknown arguments?: (.*)$/s.exec(message) ?? [];
  if (unknown !== undefined) return describeUnknown(unknown.split(", ")[0] ?? "", argv);
  const [, option] = /^Not enough arguments following: (.*)$/s.exec(message) ?? [];
  if (option !== undefined) return `--${option} needs a value`;
  const [, name, given, choices] = /Argument: (.*), Given: (.*), Choices: (.*)$/s.exec(message) ?? [];
  if (given === '""') return `--${name} needs a value`;
  if (name !== undefined) return `--${name} takes ${choices?.replaceAll('"', "")}, not ${given}`;
  if (message.startsWith("Not enough non-option arguments")) return describeMissing(commands, argv);
  return message;
}

function describeUnknown(name: string, argv: readonly string[]): string {
  const option = argv.find(
    (token) => token.startsWith("-") && token.replace(/^-+/, "").split("=")[0] === name,
  );
  return option === undefined ? `"${name}" is one word too many` : describeUnknownOption(option);
}

/** Nobody types one dash and more than a letter for an option: it is a name that begins so. */
function describeUnknownOption(token: string): string {
  const cure = /^-[^-]./.test(token) ? "; -- has to stand before a name that begins with a dash" : "";
  return `there is no option ${token.split("=")[0]}${cure}`;
}

function describeMissing(commands: readonly AnyCommand[], argv: readonly string[]): string {
  const command = commandOf(commands, argv);
  if (command === undefined) return "a command is missing";
  const stray = argv.find((token) => /^-[^-]/.test(token));
  return stray === undefined ? `too few words for ${usageOf(command)}` : describeUnknownOption(stray);
}
