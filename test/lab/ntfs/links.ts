// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import type { FileOptions } from "./options.ts";
import { concat } from "./records.ts";
import { words } from "./wof.ts";

/** A junction: a directory that leads to an absolute path like `\??\C:\Users`. */
export function junction(target: string): FileOptions {
  const data = concat([nameFields(target), encodeUtf16(`${target}\0${target}\0`)]);
  return { isDirectory: true, reparse: { tag: 0xa0000003, data } };
}

/** A symbolic link; relative unless its target begins as an absolute one does. */
export function symbolicLink(target: string, isDirectory = false): FileOptions {
  const flags = words(target.startsWith("\\??\\") ? 0 : 1);
  const data = concat([nameFields(target), flags, encodeUtf16(`${target}\0${target}\0`)]);
  return { isDirectory, reparse: { tag: 0xa000000c, data } };
}

/** Where the two names stand: the target, and the same for people. */
function nameFields(target: string): Uint8Array {
  const sizeBytes = target.length * 2;
  return new Uint8Array(Uint16Array.of(0, sizeBytes, sizeBytes + 2, sizeBytes).buffer);
}
