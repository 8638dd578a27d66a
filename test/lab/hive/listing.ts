import { createHash } from "node:crypto";
import { VmguestError } from "../../../src/errors.ts";
import type { Hive, Key } from "../../../src/registry/index.ts";

/** Every key and value of a hive, one line each, and what could not be read. */
export interface HiveListing {
  readonly keyCount: number;
  readonly valueCount: number;
  /** Of the lines, sorted bytewise as UTF-8. */
  readonly sha256: string;
  /** The lines, as text. */
  readonly lines: readonly string[];
  readonly errors: readonly VmguestError[];
}

/**
 * Lists a hive in the canonical form of the fixtures: `K`, path and number of values for a key; `V`, path, name, type,
 * length and the first 12 digits of the SHA-1 of the data for a value.
 *
 * What is damaged is passed over, and so is a key that was listed before where `isEachKeyOnce` is set.
 */
export function listHive(hive: Hive, options: { isEachKeyOnce?: boolean } = {}): HiveListing {
  const lines: string[] = [];
  const errors: VmguestError[] = [];
  const seen = new Set<number>();
  let keyCount = 0;
  let valueCount = 0;

  const read = <T>(items: () => Iterable<T>): T[] => {
    const found: T[] = [];
    try {
      for (const item of items()) found.push(item);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      errors.push(error);
    }
    return found;
  };

  const walk = (key: Key): void => {
    if (options.isEachKeyOnce && seen.has(key.offset)) return;
    seen.add(key.offset);
    keyCount++;
    const values = read(() => key.values());
    lines.push(`K\t\\${key.path}\t${values.length}`);
    for (const value of values) {
      valueCount++;
      const [data] = read(() => [value.data()]);
      const digest = createHash("sha1")
        .update(data ?? "")
        .digest("hex")
        .slice(0, 12);
      lines.push(`V\t\\${key.path}\t${value.name}\t${value.type}\t${value.sizeBytes}\t${digest}`);
    }
    for (const subkey of read(() => key.subkeys())) walk(subkey);
  };
  walk(hive.root);

  // One character per byte of UTF-8, so that text order is byte order.
  const sorted = lines.map((line) => Buffer.from(line).toString("latin1")).sort();
  const hash = createHash("sha256").update(sorted.map((line) => `${line}\n`).join(""), "latin1");
  return { keyCount, valueCount, sha256: hash.digest("hex"), lines, errors };
}
