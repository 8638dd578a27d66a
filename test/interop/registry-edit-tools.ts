import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { listHive } from "../lab/hive.ts";
import { openBytes } from "../registry/edit/edits.ts";

/** Runs a tool and gives what it prints; throws where it fails. */
export const run = (tool: string, ...parameters: string[]): string =>
  execFileSync(tool, parameters, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 28,
  });

/** A folder for hives that tools are to read, each in a file of its own. */
export class HiveFolder {
  readonly path = mkdtempSync(join(tmpdir(), "vmguest-registry-edit-"));
  #count = 0;

  /** Gives the path of a new file that holds these bytes. */
  write(bytes: Uint8Array): string {
    const path = join(this.path, `${this.#count++}.hive`);
    writeFileSync(path, bytes);
    return path;
  }
}

/** Runs a script with the hive library of libguestfs; `h` is the hive, opened for writing. */
export const hivex = (path: string, script: string): string =>
  // Debian's interpreter, which is the one that has the library.
  run(
    "/usr/bin/python3",
    "-c",
    `import hashlib, hivex, sys\nh = hivex.Hivex(sys.argv[1], write=True)\n${script}`,
    path,
  );

const LIST = `
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
sys.setrecursionlimit(5000)
walk(h.root(), "\\\\")
text = "".join(line + "\\n" for line in sorted(lines, key=lambda line: line.encode()))
print(hashlib.sha256(text.encode()).hexdigest())
`;

/** What hivex lists of a hive, as a digest: every key, value, type and digest of data. */
export const hivexListing = (path: string): string => hivex(path, LIST).trim();

/** That hivex and reglookup find in a hive, which is in this file, what we do. */
export function expectSameElsewhere(path: string, bytes: Uint8Array): void {
  const listing = listHive(openBytes(bytes));
  expect(hivexListing(path)).toBe(listing.sha256);
  const types = run("reglookup", "-H", path)
    .trimEnd()
    .split("\n")
    .map((line) => line.split(",")[1]);
  const keyCount = types.filter((type) => type === "KEY").length;
  expect({ keyCount, valueCount: types.length - keyCount }).toEqual({
    keyCount: listing.keyCount,
    valueCount: listing.valueCount,
  });
}
