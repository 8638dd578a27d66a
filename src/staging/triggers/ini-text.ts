// SPDX-License-Identifier: MIT
import { lineEndOf } from "./guest-text.ts";

/** An entry of a section. */
export interface IniEntry {
  readonly key: string;
  /** Without the blanks and the quotation marks around it, as Windows gives it to programs. */
  readonly value: string;
}

/**
 * A text in the form of an .ini file, read as Windows reads it (GetPrivateProfileString): of several sections or entries of
 * one name the first counts, in any letter case. Changing it touches no other line.
 */
export class IniText {
  readonly #lines: string[];
  readonly #lineEnd: string;

  constructor(text: string) {
    this.#lineEnd = lineEndOf(text);
    this.#lines = text === "" ? [] : text.split(/(?<=\n)/);
  }

  /** The text, with all changes. */
  get text(): string {
    return this.#lines.join("");
  }

  /** The entries of a section, in their order; none where there is no such section. */
  entries(section: string): IniEntry[] {
    const { start, end } = this.#find(section) ?? { start: 0, end: 0 };
    return this.#lines.slice(start, end).flatMap((line) => parseEntry(line) ?? []);
  }

  /** The value of an entry; undefined where there is none. */
  get(section: string, key: string): string | undefined {
    return this.entries(section).find((entry) => isSame(entry.key, key))?.value;
  }

  /** Sets an entry where it stands, or adds it at the end of its section, and the section at the end of the text. */
  set(section: string, key: string, value: string): void {
    const found = this.#find(section) ?? this.#addSection(section);
    for (let index = found.start; index < found.end; index++) {
      const entry = parseEntry(this.#lines[index] ?? "");
      if (entry === undefined || !isSame(entry.key, key)) continue;
      this.#lines[index] = `${entry.key}=${value}${this.#lineEnd}`;
      return;
    }
    let at = found.end;
    while (at > found.start && (this.#lines[at - 1] ?? "").trim() === "") at--;
    this.#insert(at, `${key}=${value}`);
  }

  /** Where the lines of a section begin and end, its header left out. */
  #find(section: string): { start: number; end: number } | undefined {
    const header = this.#lines.findIndex((line) => isSame(parseHeader(line) ?? "", section));
    if (header < 0) return undefined;
    const start = header + 1;
    const next = this.#lines.findIndex((line, index) => index >= start && parseHeader(line) !== undefined);
    return { start, end: next < 0 ? this.#lines.length : next };
  }

  #addSection(section: string): { start: number; end: number } {
    this.#insert(this.#lines.length, `[${section}]`);
    return { start: this.#lines.length, end: this.#lines.length };
  }

  #insert(at: number, line: string): void {
    const before = this.#lines[at - 1];
    if (before !== undefined && !before.endsWith("\n")) this.#lines[at - 1] = before + this.#lineEnd;
    this.#lines.splice(at, 0, line + this.#lineEnd);
  }
}

function parseHeader(line: string): string | undefined {
  return /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim();
}

function parseEntry(line: string): IniEntry | undefined {
  const [, key, value] = /^\s*([^=;[\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return undefined;
  return { key, value: /^(["']).*\1$/.test(value) && value.length > 1 ? value.slice(1, -1) : value };
}

function isSame(one: string, other: string): boolean {
  return one.toUpperCase() === other.toUpperCase();
}
