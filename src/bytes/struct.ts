// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { FieldType } from "./field-types.ts";

/** One field of a declared structure: a type at a fixed offset, and what the specification says it is. */
export interface Field<T> {
  readonly type: FieldType<T>;
  /** Byte offset from the start of the structure. */
  readonly offset: number;
  readonly meaning: string;
}

type Fields = Record<string, Field<unknown>>;

type ValueOf<F> = F extends Field<infer T> ? T : never;

/** An instance: the declared fields as properties, each reading from and writing to the bytes underneath. */
export type Struct<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> } & {
  readonly view: DataView;
  readonly at: number;
};

export interface StructClass<F extends Fields> {
  /** A window of `sizeBytes` on `view` from byte `at`; throws OUT_OF_BOUNDS where the view is too short. */
  new (view: DataView, at?: number): Struct<F>;
  readonly structName: string;
  readonly sizeBytes: number;
  readonly offsetOf: { readonly [K in keyof F]: number };
  /** Markdown rows for docs/formats: offset, size, field, type, meaning. */
  table(): string;
}

/**
 * Declares a fixed binary layout once, for reading, writing and the documentation.
 *
 * The fields must tile the structure exactly, in order: a hole, an overlap or a wrong total is a mistake of ours and
 * stops the module from loading. Reserved bytes are declared like any other field.
 */
export function struct<F extends Fields>(structName: string, sizeBytes: number, fields: F): StructClass<F> {
  checkTiling(structName, sizeBytes, fields);

  class Layout {
    static readonly structName = structName;
    static readonly sizeBytes = sizeBytes;
    static readonly offsetOf = Object.fromEntries(
      Object.entries(fields).map(([name, { offset }]) => [name, offset]),
    );
    static table(): string {
      return tableOf(fields);
    }

    // `declare`: a field that is defined and then assigned costs twice, and every audit makes thousands of these.
    declare readonly view: DataView;
    declare readonly at: number;

    constructor(view: DataView, at = 0) {
      if (at < 0 || at + sizeBytes > view.byteLength) {
        const left = view.byteLength - at;
        throw new VmguestError(
          "OUT_OF_BOUNDS",
          `${structName} needs ${sizeBytes} bytes, but only ${left} are left`,
          {
            structure: structName,
          },
        );
      }
      this.view = view;
      this.at = at;
    }
  }

  for (const [name, { type, offset }] of Object.entries(fields)) {
    Object.defineProperty(Layout.prototype, name, {
      enumerable: true,
      get(this: Layout) {
        return type.get(this.view, this.at + offset);
      },
      set(this: Layout, value: unknown) {
        type.set(this.view, this.at + offset, value);
      },
    });
  }
  return Layout as unknown as StructClass<F>;
}

function checkTiling(structName: string, sizeBytes: number, fields: Fields): void {
  let end = 0;
  for (const [name, { type, offset }] of Object.entries(fields)) {
    if (offset !== end) {
      const fault = offset > end ? "leaves a hole before" : "overlaps";
      throw new TypeError(`${structName}: the layout ${fault} ${name} (at ${offset}, expected ${end})`);
    }
    end += type.sizeBytes;
  }
  if (end !== sizeBytes)
    throw new TypeError(`${structName}: the fields end at ${end}, declared are ${sizeBytes}`);
}

function tableOf(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, { type, offset, meaning }]) => {
    const hex = `0x${offset.toString(16).padStart(2, "0")}`;
    return `| ${hex} | ${type.sizeBytes} | ${name} | ${type.name} | ${meaning} |`;
  });
  return ["| Offset | Size | Field | Type | Meaning |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}
