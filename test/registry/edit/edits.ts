import { createHash } from "node:crypto";
import { CHANGE_PAGE_BYTES, type Change, MemorySource } from "../../../src/io/index.ts";
import { checkHive } from "../../../src/registry/check/index.ts";
import { type HiveEdit, HiveEditor } from "../../../src/registry/edit/index.ts";
import { Hive } from "../../../src/registry/index.ts";
import { BASE_BLOCK_SIZE, BaseBlock, BinHeader, CellHeader } from "../../../src/registry/layout.ts";
import { upcase } from "../../../src/registry/upcase.ts";
import { LAB_TIME, listHive } from "../../lab/hive.ts";

/** The time of all edits: one hour after the hives of the lab were written. */
export const EDIT_TIME = LAB_TIME + 36_000_000_000n;

export interface Edited {
  readonly edit: HiveEdit;
  /** The hive file with all changes. */
  readonly bytes: Uint8Array;
}

/** Edits a hive and writes the changes over a copy of it. */
export function editHive(
  bytes: Uint8Array,
  work: (editor: HiveEditor) => void,
  logs: readonly Uint8Array[] = [],
): Edited {
  const editor = openEditor(bytes, logs);
  work(editor);
  const edit = editor.finish();
  return { edit, bytes: withChanges(bytes, edit.changes, edit.sizeBytes) };
}

export function openEditor(bytes: Uint8Array, logs: readonly Uint8Array[] = []): HiveEditor {
  return HiveEditor.open(new MemorySource(bytes), {
    logs: logs.map((log) => new MemorySource(log)),
    now: EDIT_TIME,
  });
}

/** A copy of the file with changes written over it. */
export function withChanges(
  file: Uint8Array,
  changes: Iterable<Change>,
  sizeBytes = file.length,
): Uint8Array {
  const result = new Uint8Array(sizeBytes);
  result.set(file);
  for (const { offset, bytes } of changes) {
    if (offset % CHANGE_PAGE_BYTES !== 0 || bytes.length !== CHANGE_PAGE_BYTES) throw new Error("not a page");
    result.set(bytes, offset);
  }
  return result;
}

export const openBytes = (bytes: Uint8Array, logs: readonly Uint8Array[] = []) =>
  Hive.open(new MemorySource(bytes), { logs: logs.map((log) => new MemorySource(log)) });

/** The codes of all that is wrong with a hive. */
export const faultsOf = (bytes: Uint8Array, logs: readonly Uint8Array[] = []): string[] =>
  [...checkHive(new MemorySource(bytes), { logs: logs.map((log) => new MemorySource(log)) })].map(
    ({ code, message, where }) => `${code}: ${message} ${JSON.stringify(where)}`,
  );

/** The lines of a hive's listing, sorted. */
export const linesOf = (bytes: Uint8Array, logs: readonly Uint8Array[] = []): string[] =>
  listHive(openBytes(bytes, logs)).lines.toSorted();

export interface ModelValue {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What a hive should hold, as an ordinary tree. */
export class ModelKey {
  readonly name: string;
  readonly values = new Map<string, ModelValue>();
  readonly subkeys = new Map<string, ModelKey>();

  constructor(name: string) {
    this.name = name;
  }

  static of(bytes: Uint8Array): ModelKey {
    const copy = (key: Hive["root"]): ModelKey => {
      const model = new ModelKey(key.name);
      for (const value of key.values()) {
        model.values.set(upcase(value.name), { name: value.name, type: value.type, data: value.data() });
      }
      for (const subkey of key.subkeys()) model.subkeys.set(upcase(subkey.name), copy(subkey));
      return model;
    };
    return copy(openBytes(bytes).root);
  }

  find(path: string): ModelKey | undefined {
    let key: ModelKey | undefined = this;
    for (const name of path.split("\\")) if (name !== "") key = key?.subkeys.get(upcase(name));
    return key;
  }

  setValue(path: string, name: string, type: number, data: Uint8Array): void {
    const values = this.find(path)!.values;
    values.set(upcase(name), { name: values.get(upcase(name))?.name ?? name, type, data });
  }

  deleteValue(path: string, name: string): boolean {
    return this.find(path)!.values.delete(upcase(name));
  }

  createKey(path: string): boolean {
    let key: ModelKey = this;
    let isNew = false;
    for (const name of path.split("\\")) {
      let subkey = key.subkeys.get(upcase(name));
      if (subkey === undefined) {
        subkey = new ModelKey(name);
        key.subkeys.set(upcase(name), subkey);
        isNew = true;
      }
      key = subkey;
    }
    return isNew;
  }

  deleteKey(path: string): boolean {
    const names = path.split("\\");
    const parent = this.find(names.slice(0, -1).join("\\"));
    return parent?.subkeys.delete(upcase(names.at(-1)!)) ?? false;
  }

  /** The lines that a listing of the hive should have, sorted. */
  lines(): string[] {
    const lines: string[] = [];
    const walk = (key: ModelKey, path: string): void => {
      lines.push(`K\t\\${path}\t${key.values.size}`);
      for (const { name, type, data } of key.values.values()) {
        const digest = createHash("sha1").update(data).digest("hex").slice(0, 12);
        lines.push(`V\t\\${path}\t${name}\t${type}\t${data.length}\t${digest}`);
      }
      for (const subkey of key.subkeys.values())
        walk(subkey, path === "" ? subkey.name : `${path}\\${subkey.name}`);
    };
    walk(this, "");
    return lines.toSorted();
  }

  /** Paths of all keys but the root. */
  paths(): string[] {
    const paths: string[] = [];
    const walk = (key: ModelKey, path: string): void => {
      for (const subkey of key.subkeys.values()) {
        const below = path === "" ? subkey.name : `${path}\\${subkey.name}`;
        paths.push(below);
        walk(subkey, below);
      }
    };
    walk(this, "");
    return paths;
  }
}

/** Numbers below a limit, the same for the same seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const NAMES = ["Alpha", "beta", "_x", "[y]", "Größe", "Ключ", "ÿ", "更新", "a", "B", "Services", "^~", "ß"];
const SIZES = [0, 1, 3, 4, 5, 8, 12, 20, 60, 200, 1000, 4060, 5000];

export interface RandomEditOptions {
  /** Sizes of data, all equally often. */
  readonly sizes?: readonly number[];
  readonly names?: readonly string[];
}

/** Does one random thing to a hive and to its model, which must agree on whether there was anything to do. */
export function editAtRandom(
  random: (limit: number) => number,
  paths: string[],
  editor: HiveEditor,
  model: ModelKey,
  { sizes = SIZES, names = NAMES }: RandomEditOptions = {},
): void {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const newName = () => `${pick(names)}${random(3) === 0 ? "" : random(400)}`;
  let path = paths.length === 0 ? "" : pick(paths);
  if (model.find(path) === undefined) path = "";
  const action = random(100);
  const agree = (ours: boolean, models: boolean) => {
    if (ours !== models) throw new Error(`${path}: the editor says ${ours}, the model ${models}`);
  };
  if (action < 30) {
    const depth = path.split("\\").length;
    const below = depth > 5 ? newName() : path === "" ? newName() : `${path}\\${newName()}`;
    const deeper = random(5) === 0 ? `${below}\\${newName()}` : below;
    agree(editor.createKey(deeper), model.createKey(deeper));
    paths.push(deeper);
  } else if (action < 80) {
    const name = random(6) === 0 ? "" : `${pick(names)}${random(6)}`;
    const data = Uint8Array.from({ length: pick(sizes) }, () => random(256));
    const type = 1 + random(11);
    editor.setValue(path, name, type, data);
    model.setValue(path, name, type, data);
  } else if (action < 90) {
    const name = random(6) === 0 ? "" : `${pick(names)}${random(6)}`;
    agree(editor.deleteValue(path, name), model.deleteValue(path, name));
  } else if (path !== "") {
    agree(editor.deleteKey(path, { recursive: true }), model.deleteKey(path));
    const index = paths.indexOf(path);
    if (index >= 0) paths.splice(index, 1);
  }
}

export interface CellPlace {
  /** Offset from the first bin. */
  readonly cell: number;
  readonly sizeBytes: number;
  readonly isFree: boolean;
}

/** All cells of a hive. */
export function cellsIn(bytes: Uint8Array): CellPlace[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { binsSize } = new BaseBlock(view);
  const cells: CellPlace[] = [];
  for (let bin = 0; bin < binsSize; ) {
    const { sizeBytes: binSize } = new BinHeader(view, BASE_BLOCK_SIZE + bin);
    for (let cell = bin + BinHeader.sizeBytes; cell < bin + binSize; ) {
      const { size } = new CellHeader(view, BASE_BLOCK_SIZE + cell);
      cells.push({ cell, sizeBytes: Math.abs(size), isFree: size > 0 });
      cell += Math.abs(size);
    }
    bin += binSize;
  }
  return cells;
}

/** Of the cells that were in use before, those that are not byte for byte as they were. */
export function changedCells(before: Uint8Array, after: Uint8Array): number[] {
  return cellsIn(before)
    .filter(({ isFree }) => !isFree)
    .filter(({ cell, sizeBytes }) => {
      const at = BASE_BLOCK_SIZE + cell;
      return Buffer.compare(before.subarray(at, at + sizeBytes), after.subarray(at, at + sizeBytes)) !== 0;
    })
    .map(({ cell }) => cell);
}
