// SPDX-License-Identifier: MIT
import { basename, isAbsolute, normalize, resolve } from "node:path";
import type { PicomatchOptions } from "picomatch";
import { VmguestError } from "../errors.ts";
import { isRemote } from "./remote-path.ts";

/**
 * Which of the files that were found are meant.
 *
 * A pattern without a slash is compared with the name of every file and folder that a search comes by. One with a slash
 * is compared with their path as reports have it, from any folder on: `old/*.vhdx` is also `fleet/old/a.vhdx`; one that
 * is an absolute path, with the whole of it. One that ends in a slash is about folders alone. What is said of a folder
 * goes for everything below it, but nothing is asked about the folder at which a search starts. Case makes no
 * difference, as on Windows. Patterns know `*`, `**`, `?`, `[ab]`, `{a,b}` and `!(a)`; a backslash takes a character as
 * it is, but on Windows, where it is a slash.
 */
export interface NamePatterns {
  /** Only what one of them matches is taken; all where there are none. */
  readonly include?: readonly string[];
  /** What one of them matches is left out, whatever `include` says of it. */
  readonly exclude?: readonly string[];
}

/** Says of files and folders whether {@link NamePatterns} mean them; both go for everything below a folder. */
export interface NameFilter {
  includes(path: string, isFolder: boolean): boolean;
  excludes(path: string, isFolder: boolean): boolean;
}

type Match = NameFilter["includes"];

/** The filter that leaves nothing out. */
export const NO_FILTER: NameFilter = { includes: () => true, excludes: () => false };

/** Throws USAGE for what is no pattern. */
export async function loadNameFilter({ include = [], exclude = [] }: NamePatterns): Promise<NameFilter> {
  if (include.length === 0 && exclude.length === 0) return NO_FILTER;
  // Most command lines hold no pattern, so the library waits until there is one.
  const { default: picomatch } = await import("picomatch");
  const compile = (pattern: string) => compilePattern(pattern, (glob) => picomatch(glob, OPTIONS));
  const included = include.map(compile);
  const excluded = exclude.map(compile);
  return {
    includes: (path, isFolder) => included.length === 0 || included.some((match) => match(path, isFolder)),
    excludes: (path, isFolder) => excluded.some((match) => match(path, isFolder)),
  };
}

/** Hidden names are names like others, `!` at the begin is a character of a name, and what cannot be compiled throws. */
const OPTIONS: PicomatchOptions = {
  dot: true,
  nocase: true,
  nonegate: true,
  windows: false,
  debug: true,
  // The library takes {8..12} for the characters from 8 to 1 and 2.
  expandRange: (first, last) => {
    throw new Error(`{${first}..${last}} is not known: write the names out, as in {8,9,10}`);
  },
};

function compilePattern(pattern: string, compile: (glob: string) => (text: string) => boolean): Match {
  const text = withSlashes(pattern);
  const isAboutFolders = text.endsWith("/");
  const { glob, partOf } = subjectOf(text.replace(/\/+$/, ""));
  try {
    const isMatch = compile(glob);
    return (path, isFolder) => (isFolder || !isAboutFolders) && isMatch(partOf(path));
  } catch (error) {
    const shown = JSON.stringify(pattern.slice(0, PATTERN_LENGTH_SHOWN));
    const reason = pattern === "" ? "it is empty" : (error as Error).message;
    throw new VmguestError("USAGE", `${shown} is no pattern of names: ${reason}`, {}, { cause: error });
  }
}

/** A sentence is not the place for all of a long one. */
const PATTERN_LENGTH_SHOWN = 100;

/** What of a path is compared, and with what. */
interface Subject {
  readonly glob: string;
  readonly partOf: (path: string) => string;
}

function subjectOf(text: string): Subject {
  if (isAbsolute(text)) return { glob: text, partOf: wholeOf };
  if (!text.includes("/")) return { glob: text, partOf: (path) => basename(addressOf(path)) };
  return { glob: `**/${withoutStart(text)}`, partOf: (path) => withoutStart(shownOf(path)) };
}

function shownOf(path: string): string {
  return isRemote(path) ? addressOf(path) : withSlashes(normalize(path));
}

function wholeOf(path: string): string {
  return isRemote(path) ? addressOf(path) : withSlashes(resolve(path));
}

/** A URL without what follows the path of the object, which is not of its name. */
function addressOf(path: string): string {
  return isRemote(path) ? path.replace(/[?#].*$/s, "") : path;
}

/** Without `./` and `../`, which lead to a folder and are no names of any. */
function withoutStart(path: string): string {
  return path.replace(/^(?:\.{1,2}\/)+/, "");
}

function withSlashes(path: string): string {
  return process.platform === "win32" ? path.replaceAll("\\", "/") : path;
}
