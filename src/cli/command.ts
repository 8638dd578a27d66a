// SPDX-License-Identifier: MIT
import type { Context } from "./context.ts";

/** A word of the command line that is no option. */
export interface Positional {
  readonly describe: string;
  /** Takes all the words that are left, at least one where it is not optional. Only the last positional may. */
  readonly isMany?: true;
  /** May be left out. Only the last positional may. */
  readonly isOptional?: true;
}

/**
 * An option, always written long. `flag` takes no value; `list` takes several, comma-separated or given again;
 * `number` takes a whole number from 0.
 */
export interface Option {
  readonly kind: "flag" | "text" | "list" | "number";
  readonly describe: string;
  /** The values there are; any text where there is no such list. */
  readonly choices?: readonly string[];
  /** As it would be typed. */
  readonly default?: string;
}

export type Positionals = Readonly<Record<string, Positional>>;
export type Options = Readonly<Record<string, Option>>;

/**
 * A command of the command line, as data: what it takes, how it explains itself, and what it does. Both parsers
 * (plain-arguments.ts and full-arguments.ts), the help, the completion and docs/cli.md come from this one declaration.
 */
export interface Command<P extends Positionals = Positionals, O extends Options = Options> {
  /** One or two words: `audit`, `registry query`. */
  readonly name: string;
  /** One line for the list of commands, in the imperative. */
  readonly describe: string;
  /** What else a reader of the help should know. */
  readonly details: string;
  /** In the order they are written. */
  readonly positionals: P;
  readonly options: O;
  /** Command lines that work, and what each is for. */
  readonly examples: readonly (readonly [commandLine: string, purpose: string])[];
  /** Does it; the exit code, or throws. */
  run(args: ArgumentsOf<P, O>, context: Context): Promise<number>;
}

type ChoiceOf<O extends Option> = O["choices"] extends readonly (infer C)[] ? C : string;

type OptionValue<O extends Option> = O["kind"] extends "flag"
  ? boolean
  : O["kind"] extends "list"
    ? readonly ChoiceOf<O>[]
    : O["kind"] extends "number"
      ? O["default"] extends string
        ? number
        : number | undefined
      : O["default"] extends string
        ? ChoiceOf<O>
        : ChoiceOf<O> | undefined;

type PositionalValue<P extends Positional> = P["isMany"] extends true
  ? readonly string[]
  : P["isOptional"] extends true
    ? string | undefined
    : string;

/** What a command's `run` gets: its positionals and options under the names they are declared by. */
export type ArgumentsOf<P extends Positionals, O extends Options> = {
  readonly [Name in keyof P]: PositionalValue<P[Name]>;
} & { readonly [Name in keyof O]: OptionValue<O[Name]> };

/** Arguments as a parser read them, before {@link checkArguments}: a repeated option has several values. */
export type RawArguments = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A command whose types the compiler has checked and that can stand in a list with others. */
export type AnyCommand = Omit<Command, "run"> & {
  run(args: Readonly<Record<string, unknown>>, context: Context): Promise<number>;
};

/** Declares a command; the types of its arguments follow from the declaration. */
export function defineCommand<const P extends Positionals, const O extends Options>(
  command: Command<P, O>,
): AnyCommand {
  // The parsers build the arguments from the same declaration that their type comes from.
  return command as unknown as AnyCommand;
}

/** `audit <paths..>`, as help and documents write it. */
export function usageOf({ name, positionals }: AnyCommand): string {
  const words = Object.entries(positionals).map(([positional, { isMany, isOptional }]) => {
    const text = isMany ? `${positional}..` : positional;
    return isOptional ? `[${text}]` : `<${text}>`;
  });
  return [name, ...words].join(" ");
}
