// SPDX-License-Identifier: MIT

/** The parts of a path inside a disc; `/` and `\` both separate. */
export function pathParts(path: string): string[] {
  return path.split(/[/\\]/).filter((part) => part !== "");
}

/**
 * A name in upper case, for comparing as Windows does: each character by itself, and left alone where its upper case
 * is longer (ß).
 */
export function foldCase(name: string): string {
  let folded = "";
  for (const character of name) {
    const upper = character.toUpperCase();
    folded += upper.length === character.length ? upper : character;
  }
  return folded;
}

/** The name as it can stand in a path: neither empty nor `.` nor `..`, and no separator or NUL in it. */
export function safeName(name: string): string {
  if (name === "") return "_";
  if (name === "." || name === "..") return "_".repeat(name.length);
  return name.replaceAll(/[/\\\0]/g, "_");
}

/** Gives each name of one directory once: a second `a.txt` becomes `a~2.txt`. */
export class NameRegister {
  readonly #counts = new Map<string, number>();

  unique(name: string): string {
    const count = this.#counts.get(name);
    if (count === undefined) {
      this.#counts.set(name, 1);
      return name;
    }
    const dot = name.lastIndexOf(".");
    const stem = dot > 0 ? name.slice(0, dot) : name;
    for (let number = count + 1; ; number++) {
      const other = `${stem}~${number}${name.slice(stem.length)}`;
      if (this.#counts.has(other)) continue;
      this.#counts.set(name, number);
      this.#counts.set(other, 1);
      return other;
    }
  }
}
