// SPDX-License-Identifier: MIT

/** A path that was written on some Windows, taken apart. */
export interface WindowsPath {
  /** `relative` to the folder of the file that names it, `absolute` on that machine, or on `another` one. */
  readonly start: "relative" | "absolute" | "another";
  /** Its parts, without empty ones and `.`; only a relative path has `..`. */
  readonly parts: readonly string[];
}

/** What stands before the parts of an absolute path: a drive, a volume, a share of the network. */
const STARTS: readonly (readonly [RegExp, WindowsPath["start"]])[] = [
  [/^\\\\\?\\UNC\\[^\\]+\\[^\\]+(?=\\|$)/i, "another"],
  [/^\\\\\?\\Volume\{[0-9a-f-]+\}(?=\\)/i, "absolute"],
  [/^(\\\\\?\\)?[a-z]:(?=\\)/i, "absolute"],
  [/^\\\\[^\\?.][^\\]*\\[^\\]+(?=\\|$)/, "another"],
  [/^(?=\\(?!\\))/, "absolute"],
];

/** Paths of Windows end at 32,767 characters. */
const LENGTH_MAX = 32_767;

/**
 * Takes a path of a Windows machine apart; both slashes count. Undefined for what names no file there: devices
 * (`\\.\PhysicalDrive0`), streams, drives without a path, and parts that no file system of Windows takes.
 */
export function parseWindowsPath(text: string): WindowsPath | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const path = text.replaceAll("/", "\\");
  for (const [pattern, start] of STARTS) {
    const [prefix] = pattern.exec(path) ?? [];
    if (prefix !== undefined) return partsOf(path.slice(prefix.length), start);
  }
  return path.startsWith("\\") ? undefined : partsOf(path, "relative");
}

function partsOf(path: string, start: WindowsPath["start"]): WindowsPath | undefined {
  const parts = path.split("\\").filter((part) => part !== "" && part !== ".");
  const isFile = parts.length > 0 && parts.at(-1) !== "..";
  const isSound = parts.every((part) => !FORBIDDEN.test(part) && (part !== ".." || start === "relative"));
  return isFile && isSound ? { start, parts } : undefined;
}

/** A colon would name a stream or a drive; the others cannot be in a name. */
const FORBIDDEN = /[\p{Cc}:*?"<>|]/u;
