// SPDX-License-Identifier: MIT

/** What the keys of JSON are told by: strings, and what opens, closes and separates. Numbers and words say nothing. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;

/**
 * A key that an object of a JSON text has twice; undefined where there is none. `JSON.parse` keeps the last of them in
 * silence. The text must be such that `JSON.parse` takes it.
 */
export function findRepeatedKey(text: string): string | undefined {
  /** The keys of each object that is open, from the outside in; a list has none. */
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const key = String(JSON.parse(last));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    last = token;
  }
  return undefined;
}
