import { encodeUtf16 } from "../../../src/bytes/index.ts";

/** A value of any type with exactly these bytes. */
export class RawValue {
  readonly type: number;
  readonly data: Uint8Array;

  constructor(type: number, data: Uint8Array) {
    this.type = type;
    this.data = data;
  }
}

/** string: REG_SZ; number: REG_DWORD; bigint: REG_QWORD; array: REG_MULTI_SZ; bytes: REG_BINARY. */
export type HiveValue = string | number | bigint | readonly string[] | Uint8Array | RawValue;

/**
 * A key as a literal: its values, and its subkeys as nested objects.
 *
 * `{ Microsoft: { Name: "text", Start: 3, "": "default value", Sub: {} } }`. Names beginning with `@` are not names:
 * `@values` holds values in an object of their own (where a value and a subkey share a name), `@class` is the class
 * name of the key and `@time` its last write time.
 */
export interface HiveTree {
  readonly [name: string]: HiveTree | HiveValue;
}

/** A key without shorthand: what the literal is turned into, and what generated trees are written as. */
export interface LabKey {
  readonly name: string;
  readonly className?: string;
  readonly lastWritten?: bigint;
  readonly values: readonly (readonly [name: string, value: HiveValue])[];
  readonly subkeys: readonly LabKey[];
}

/** A REG_EXPAND_SZ value. */
export const expand = (text: string) => new RawValue(2, encodeUtf16(`${text}\0`));

/** A REG_LINK value, which has no terminator. */
export const link = (target: string) => new RawValue(6, encodeUtf16(target));

/** A value of any type from its bytes. */
export const raw = (type: number, data: Uint8Array | readonly number[]) =>
  new RawValue(type, Uint8Array.from(data));

export function keyFromTree(name: string, tree: HiveTree): LabKey {
  const values: [string, HiveValue][] = [];
  const subkeys: LabKey[] = [];
  for (const [member, content] of Object.entries(tree)) {
    if (member === "@values") values.push(...(Object.entries(content) as [string, HiveValue][]));
    else if (member.startsWith("@")) continue;
    else if (isTree(content)) subkeys.push(keyFromTree(member, content));
    else values.push([member, content]);
  }
  const { "@class": className, "@time": lastWritten } = tree;
  return {
    name,
    values,
    subkeys,
    ...(typeof className === "string" && { className }),
    ...(typeof lastWritten === "bigint" && { lastWritten }),
  };
}

function isTree(content: HiveTree | HiveValue): content is HiveTree {
  const isPlain = typeof content === "object" && !Array.isArray(content);
  return isPlain && !(content instanceof Uint8Array) && !(content instanceof RawValue);
}

/** Type and bytes of a value, as Windows stores them. */
export function rawValue(value: HiveValue): RawValue {
  if (value instanceof RawValue) return value;
  if (value instanceof Uint8Array) return new RawValue(3, value);
  if (typeof value === "string") return new RawValue(1, encodeUtf16(`${value}\0`));
  if (typeof value === "number") return new RawValue(4, new Uint8Array(Uint32Array.of(value).buffer));
  if (typeof value === "bigint") return new RawValue(11, new Uint8Array(BigUint64Array.of(value).buffer));
  return new RawValue(7, encodeUtf16([...value, ""].map((text) => `${text}\0`).join("")));
}
