// SPDX-License-Identifier: MIT
import type { ResolveParent } from "../../src/disk/index.ts";
import type { ByteSource } from "../../src/io/index.ts";

/** Finds parents in memory, by the last part of their names. */
export function parentsIn(files: Readonly<Record<string, ByteSource>>): ResolveParent {
  return function* (names) {
    for (const name of names) {
      const last = name.replace(/^.*\\/, "");
      const source = files[last];
      if (source !== undefined) yield { name: last, isGuess: false, source };
    }
  };
}
