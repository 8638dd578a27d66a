// SPDX-License-Identifier: MIT

import type { Key, Value } from "../../../src/registry/index.ts";
import type { PlannedKey } from "./hive-plan.ts";
import { feed, run } from "./tools.ts";

/** Adds planned keys to a hive, and prints the canonical lines of the hive as it is read again. */
const PROGRAM = `
import hashlib, hivex, json, sys
sys.setrecursionlimit(5000)
h = hivex.Hivex(sys.argv[1], write=True)
def add(parent, key):
    node = h.node_add_child(parent, key["name"])
    h.node_set_values(node, [{"key": v["name"], "t": v["type"], "value": bytes.fromhex(v["data"])} for v in key["values"]])
    for subkey in key["subkeys"]:
        add(node, subkey)
add(h.root(), json.load(sys.stdin))
h.commit(None)
h = hivex.Hivex(sys.argv[1])
lines = []
def walk(node, path):
    values = h.node_values(node)
    lines.append("K\\t%s\\t%d" % (path, len(values)))
    for v in values:
        kind, data = h.value_value(v)
        digest = hashlib.sha1(data).hexdigest()[:12]
        lines.append("V\\t%s\\t%s\\t%d\\t%d\\t%s" % (path, h.value_key(v), kind, len(data), digest))
    for child in h.node_children(node):
        walk(child, path.rstrip("\\\\") + "\\\\" + h.node_name(child))
walk(h.root(), "\\\\")
sys.stdout.buffer.write("\\n".join(lines).encode())
`;

/** Has hivex put keys into a hive, and gives what hivex then finds in it: the lines of `listHive`. */
export function writeWithHivex(path: string, key: PlannedKey): string[] {
  // Debian's interpreter, which is the one that has the library.
  return feed(JSON.stringify(key), "/usr/bin/python3", "-c", PROGRAM, path).split("\n");
}

const REGLOOKUP_TYPES: Record<number, string> = {
  0: "NONE",
  1: "SZ",
  2: "EXPAND_SZ",
  3: "BINARY",
  4: "DWORD",
  5: "DWORD_BE",
  6: "LINK",
  7: "MULTI_SZ",
  11: "QWORD",
};

/** Paths and types of all keys and values; with their data where that is a number or plain bytes. */
export function listWithReglookup(path: string): string[] {
  return run("reglookup", "-H", path)
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [name = "", type = "", data = ""] = line.split(",");
      return SHOWN_TYPES.has(type) ? `${name},${type},${data}` : `${name},${type}`;
    });
}

const SHOWN_TYPES = new Set(["BINARY", "DWORD", "DWORD_BE", "QWORD"]);

/** The same lines of what we read. */
export function* reglookupLines(key: Key, path = ""): Generator<string> {
  yield `${path === "" ? "/" : path},KEY`;
  for (const value of key.values()) {
    const type = REGLOOKUP_TYPES[value.type] ?? `0x${value.type.toString(16).toUpperCase().padStart(8, "0")}`;
    const line = `${path}/${escapeName(value.name)},${type}`;
    yield SHOWN_TYPES.has(type) ? `${line},${reglookupData(value)}` : line;
  }
  for (const subkey of key.subkeys()) yield* reglookupLines(subkey, `${path}/${escapeName(subkey.name)}`);
}

function reglookupData(value: Value): string {
  const number = value.number() ?? value.bigint();
  if (number !== undefined)
    return `0x${number
      .toString(16)
      .toUpperCase()
      .padStart(value.sizeBytes * 2, "0")}`;
  return value.sizeBytes === 0 ? "(null)" : escapeBytes(value.data());
}

/**
 * A name that is not ASCII is printed as the bytes that the hive has, because -H asks for ASCII: Latin-1 where all of its
 * characters are in that, else UTF-16.
 */
function escapeName(name: string): string {
  const isLatin = [...name].every((character) => (character.codePointAt(0) ?? 0) < 0x100);
  return escapeBytes(Buffer.from(name, isLatin ? "latin1" : "utf16le"));
}

const escapeBytes = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("latin1")
    .replaceAll(/[^ -~]|[%",]/g, (character) => {
      return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
    });
