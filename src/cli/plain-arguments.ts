// SPDX-License-Identifier: MIT
import type { AnyCommand, RawArguments } from "./command.ts";

/**
 * The arguments of a plain command line, or undefined where it is not plain: then yargs has to look at it.
 *
 * Loading yargs takes longer than auditing an image, and nearly every command line is plain: words that begin with
 * no quote, known options as `--name value` or `--name=value`, each once, and `--` before words that look like options.
 * Help, completion, mistakes and everything unusual are not. A test holds both parsers against each other on random
 * command lines.
 */
export function readPlainArguments(
  { positionals, options }: AnyCommand,
  argv: readonly string[],
): RawArguments | undefined {
  const raw: Record<string, string | boolean | readonly string[]> = {};
  const words: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === "--") {
      words.push(...argv.slice(index + 1));
      break;
    }
    if (!token.startsWith("-")) {
      words.push(token);
      continue;
    }
    const [, name = "", , inline] = /^--([a-z-]+)(=(.*))?$/s.exec(token) ?? [];
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined || raw[name] !== undefined) return undefined;
    if (option.kind === "flag") {
      if (inline !== undefined || isTruthWord(argv[index + 1])) return undefined;
      raw[name] = true;
      continue;
    }
    const value = inline ?? argv[++index];
    if (value === undefined || value.startsWith("-") || !isPlainWord(value)) return undefined;
    raw[name] = value;
  }
  return words.every(isPlainWord) ? placeWords(positionals, words, raw) : undefined;
}

/** yargs takes quotes that the shell has left from around a word. */
function isPlainWord(word: string): boolean {
  return word !== "" && !/^["']/.test(word);
}

/** yargs takes these for the value of the flag before them. */
function isTruthWord(word: string | undefined): boolean {
  return word === "true" || word === "false";
}

function placeWords(
  positionals: AnyCommand["positionals"],
  words: readonly string[],
  raw: Record<string, string | boolean | readonly string[]>,
): RawArguments | undefined {
  let next = 0;
  for (const [name, { isMany, isOptional }] of Object.entries(positionals)) {
    const word = words[next];
    if (word === undefined) {
      if (isOptional) continue;
      return undefined;
    }
    raw[name] = isMany ? words.slice(next) : word;
    next = isMany ? words.length : next + 1;
  }
  return next === words.length ? raw : undefined;
}
