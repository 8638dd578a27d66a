// SPDX-License-Identifier: MIT
import type { WindowsPath } from "./windows-path.ts";

/** Where the parent of an image on a web server may lie, from the folder of the image. */
export interface PathBeside {
  /** With `..` at the front alone, and only where the path leads out of the folder. */
  readonly parts: readonly string[];
  readonly isGuess: boolean;
}

/** Each place is asked for over the network, and a VHD knows its parent by two names. */
const PATH_COUNT_MAX = 8;

/**
 * The places on a server that the names of a parent lead to: where relative names say, and then, as guesses, files of
 * their last part in the folder itself. Each once.
 */
export function pathsBeside(paths: readonly WindowsPath[]): PathBeside[] {
  const found = new Map<string, PathBeside>();
  const add = (parts: readonly string[], isGuess: boolean) => {
    const key = parts.join("/");
    if (!found.has(key)) found.set(key, { parts, isGuess });
  };
  for (const { start, parts } of paths) if (start === "relative") add(withoutDetours(parts), false);
  for (const { parts } of paths) add(parts.slice(-1), true);
  return [...found.values()].slice(0, PATH_COUNT_MAX);
}

/** The same path, which goes up nowhere but at its beginning. */
function withoutDetours(parts: readonly string[]): string[] {
  const straight: string[] = [];
  for (const part of parts) {
    if (part === ".." && straight.length > 0 && straight.at(-1) !== "..") straight.pop();
    else straight.push(part);
  }
  return straight;
}
