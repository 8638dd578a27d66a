// SPDX-License-Identifier: MIT
import { filetimeToDate } from "../bytes/index.ts";
import { VmguestError } from "../errors.ts";
import type { Key, Value } from "../registry/index.ts";
import type { RegistryKey, RegistryValue } from "../report/index.ts";

export interface WalkOptions {
  /** What the hive's root is called: paths begin with it. */
  readonly root: string;
  /** With everything below. */
  readonly isRecursive: boolean;
  /** Only the value of this name; the empty name is the default value. */
  readonly value: string | undefined;
  /** Takes what is damaged; the walk goes on behind it. */
  onDamage(error: VmguestError): void;
}

/** A key as it is printed, and with `isRecursive` all keys below it, parents first. */
export function walkKeys(start: Key, options: WalkOptions): Generator<RegistryKey> {
  return walk(start, options, new Set());
}

/** `seen` holds the cells of the keys so far: in a damaged hive, a key may be listed again below itself. */
function* walk(key: Key, options: WalkOptions, seen: Set<number>): Generator<RegistryKey> {
  if (seen.has(key.offset)) {
    options.onDamage(
      new VmguestError("REGF_LOOP", "the key is listed twice", { path: key.path, offset: key.offset }),
    );
    return;
  }
  seen.add(key.offset);
  const subkeys =
    options.value === undefined || options.isRecursive ? collect(() => key.subkeys(), options) : [];
  yield {
    path: key.path === "" ? options.root : `${options.root}\\${key.path}`,
    lastWritten: filetimeToDate(key.lastWritten)?.toISOString() ?? null,
    values: readValues(key, options),
    subkeys: options.isRecursive ? [] : subkeys.map(({ name }) => name),
  };
  if (!options.isRecursive) return;
  for (const subkey of subkeys) yield* walk(subkey, options, seen);
}

function readValues(key: Key, options: WalkOptions): RegistryValue[] {
  const values = collect(() => listValues(key, options.value), options);
  return values.flatMap((value) => collect(() => [describeValue(value)], options));
}

function listValues(key: Key, name: string | undefined): Iterable<Value> {
  if (name === undefined) return key.values();
  const value = key.value(name);
  return value === undefined ? [] : [value];
}

function describeValue(value: Value): RegistryValue {
  const data = value.text() ?? value.texts() ?? value.number() ?? hexOf(value);
  return { name: value.name, type: value.typeName, data };
}

function hexOf(value: Value): string {
  const number = value.bigint();
  if (number !== undefined) return `0x${number.toString(16)}`;
  return Buffer.from(value.data()).toString("hex").toUpperCase();
}

/** The items up to the first that is damaged. */
function collect<T>(list: () => Iterable<T>, { onDamage }: WalkOptions): T[] {
  const items: T[] = [];
  try {
    for (const item of list()) items.push(item);
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    onDamage(error);
  }
  return items;
}
