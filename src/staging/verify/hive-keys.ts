// SPDX-License-Identifier: MIT
import {
  hashOf,
  INLINE_DATA,
  KEY_FLAGS,
  KeyNode,
  NO_OFFSET,
  SecurityNode,
  SIGNATURES,
  SubkeyListHeader,
  upcase,
  VALUE_FLAGS,
  ValueNode,
} from "../../registry/structures/index.ts";
import type { ValueChange } from "../plan.ts";
import type { KeyIntent } from "./hive-intent.ts";
import { entrySizeOf, type HiveState } from "./hive-state.ts";
import { bytesOf, isSame, isZero, proofError } from "./proof-error.ts";

const HINT_LENGTH = 4;

/** What the planned keys and values make of the cells of a hive. Every cell named here has been looked at as a whole. */
export interface ExplainedCells {
  /** Cells in use after the change that were not before. */
  readonly fresh: ReadonlySet<number>;
  /** Cells in use before and after whose content may differ. */
  readonly changed: ReadonlySet<number>;
  /** Cells in use before and not after. */
  readonly released: ReadonlySet<number>;
}

/** Shows that planned keys and values are there as planned, and that their keys differ in nothing else. */
export class HiveKeys implements ExplainedCells {
  readonly fresh = new Set<number>();
  readonly changed = new Set<number>();
  readonly released = new Set<number>();
  readonly #before: HiveState;
  readonly #after: HiveState;
  readonly #time: bigint;
  /** New keys by the cell of the security descriptor that they use. */
  readonly #securityUses = new Map<number, number>();

  constructor(before: HiveState, after: HiveState, time: bigint) {
    this.#before = before;
    this.#after = after;
    this.#time = time;
  }

  /** Throws STAGE_PROOF_HIVE, STAGE_PROOF_MISSING. */
  prove(keys: readonly KeyIntent[]): void {
    for (const intent of keys) {
      const offset = this.#after.findKey(intent.path);
      if (offset === undefined) throw this.#missing("the key is not there", intent.path);
      if (intent.isNew) this.#proveNew(offset, intent);
      else this.#proveChanged(offset, intent);
    }
    for (const [security, count] of this.#securityUses) this.#proveSecurity(security, count);
  }

  #proveChanged(offset: number, intent: KeyIntent): void {
    const { path } = intent;
    if (this.#before.findKey(path) !== offset) throw this.#fail("the key is in another place", path, offset);
    const [old, next] = [this.#before.key(offset), this.#after.key(offset)];
    const expected = bytesOf(this.#before.content(offset, "key")).slice();
    const node = new KeyNode(new DataView(expected.buffer));
    this.#proveContents(node, old, next, intent);
    const found = bytesOf(this.#after.content(offset, "key"));
    // Where all was as planned already, the key keeps its time.
    if (isSame(found, bytesOf(this.#before.content(offset, "key"))) && isSame(found, expected)) return;
    node.lastWritten = this.#time;
    if (!isSame(found, expected)) throw this.#fail("the key differs in more than was planned", path, offset);
    this.changed.add(offset);
  }

  #proveNew(offset: number, intent: KeyIntent): void {
    const { path } = intent;
    const separator = path.lastIndexOf("\\");
    const parent = this.#after.findKey(path.slice(0, Math.max(0, separator))) ?? NO_OFFSET;
    const name = path.slice(separator + 1);
    const { bytes, isCompressed } = storeName(name);
    const content = bytesOf(this.#after.content(offset, "key"));
    const expected = new Uint8Array(content.length);
    const node = new KeyNode(new DataView(expected.buffer));
    const { security } = this.#after.key(parent);
    Object.assign(node, {
      signature: SIGNATURES.key,
      flags: isCompressed ? KEY_FLAGS.compressedName : 0,
      lastWritten: this.#time,
      parent,
      subkeyList: NO_OFFSET,
      volatileSubkeyList: NO_OFFSET,
      valueList: NO_OFFSET,
      security,
      className: NO_OFFSET,
      nameLength: bytes.length,
    });
    if (KeyNode.sizeBytes + bytes.length > expected.length)
      throw this.#fail("the key has another name", path, offset);
    expected.set(bytes, KeyNode.sizeBytes);
    this.#proveContents(node, undefined, this.#after.key(offset), intent);
    if (!isSame(content, expected)) throw this.#fail("the new key is not as planned", path, offset);
    this.#addFresh(offset, expected.length);
    this.#securityUses.set(security, (this.#securityUses.get(security) ?? 0) + 1);
  }

  /** Values and subkeys of a key; fills in what the key has to say of them. */
  #proveContents(expected: KeyNode, old: KeyNode | undefined, next: KeyNode, intent: KeyIntent): void {
    const values = this.#proveValues(old, next, intent);
    const names = this.#proveSubkeys(old, next, intent);
    const lengths = intent.values.flatMap(({ data }) => [data.length]);
    const isLength = next.valueDataMax === expected.valueDataMax || lengths.includes(next.valueDataMax);
    const actual = values.map((value) => sizeOf(this.#after.value(value)));
    if (!isLength || Math.max(expected.valueDataMax, ...actual) > next.valueDataMax) {
      throw this.#fail("the longest data of the key is not right", intent.path);
    }
    const newNames = values
      .filter((value) => this.fresh.has(value))
      .map((value) => this.#after.valueName(value));
    Object.assign(expected, {
      subkeyCount: expected.subkeyCount + names.length,
      subkeyList: next.subkeyList,
      subkeyNameMax: Math.max(expected.subkeyNameMax, ...names.map((name) => name.length * 2)),
      valueCount: values.length,
      valueList: next.valueList,
      valueNameMax: Math.max(expected.valueNameMax, ...newNames.map((name) => name.length * 2)),
      valueDataMax: next.valueDataMax,
    });
    if (next.valueCount === 0 && next.valueList !== NO_OFFSET && old === undefined) {
      throw this.#fail("the new key has a list of no values", intent.path);
    }
  }

  #proveValues(old: KeyNode | undefined, next: KeyNode, intent: KeyIntent): number[] {
    const before = old === undefined ? [] : this.#before.valuesOf(old);
    const after = this.#after.valuesOf(next);
    const planned = new Map<string, ValueChange>();
    for (const value of intent.values) planned.set(upcase(value.name), value);
    for (const [index, offset] of before.entries()) {
      const value = planned.get(this.#before.valueName(offset));
      const found = after[index];
      if (value === undefined || found === undefined) {
        if (found !== offset) throw this.#fail("a value of the key is another, or gone", intent.path, offset);
        continue;
      }
      planned.delete(upcase(value.name));
      this.#proveValue(offset, found, value);
    }
    for (const found of after.slice(before.length)) {
      const name = this.#after.valueName(found);
      const value = planned.get(name);
      if (value === undefined)
        throw this.#fail(`the key has a value ${name} that was not planned`, intent.path, found);
      planned.delete(name);
      this.#proveValue(undefined, found, value);
    }
    const [lost] = planned.keys();
    if (lost !== undefined) throw this.#missing(`the value ${lost} is not there`, intent.path);
    this.#proveList(
      old?.valueCount ? old.valueList : undefined,
      next.valueCount > 0 ? next.valueList : undefined,
      after.length * 4,
    );
    return after;
  }

  #proveValue(oldOffset: number | undefined, offset: number, planned: ValueChange): void {
    const node = this.#after.value(offset);
    const where = `${planned.key}: ${planned.name}`;
    if (node.type !== planned.type || !isSame(this.#after.data(node), planned.data)) {
      throw this.#fail("the value does not hold what was planned", where, offset);
    }
    const found = bytesOf(this.#after.content(offset, "value"));
    const expected = new Uint8Array(found.length);
    if (oldOffset === undefined) {
      const { bytes, isCompressed } = storeName(planned.name);
      Object.assign(new ValueNode(new DataView(expected.buffer)), {
        signature: SIGNATURES.value,
        nameLength: bytes.length,
        flags: isCompressed ? VALUE_FLAGS.compressedName : 0,
      });
      expected.set(bytes.subarray(0, found.length - ValueNode.sizeBytes), ValueNode.sizeBytes);
    } else {
      expected.set(bytesOf(this.#before.content(oldOffset, "value")).subarray(0, found.length));
    }
    const { type, dataSize, data } = node;
    Object.assign(new ValueNode(new DataView(expected.buffer)), { type, dataSize, data });
    if (!isSame(found, expected)) throw this.#fail("the value differs in more than its data", where, offset);
    this.#proveInline(node, where, offset);
    const old =
      oldOffset === undefined
        ? new Map<number, number>()
        : this.#before.dataCells(this.#before.value(oldOffset));
    const next = this.#after.dataCells(node);
    for (const [cell, length] of next) {
      if (old.has(cell)) this.#addChanged(cell, length);
      else this.#addFresh(cell, length);
    }
    for (const cell of old.keys()) if (!next.has(cell)) this.released.add(cell);
    if (oldOffset === offset) this.changed.add(offset);
    else this.#addFresh(offset, found.length);
    if (oldOffset !== undefined && oldOffset !== offset) this.released.add(oldOffset);
  }

  /** What is behind data that stands in the value itself. */
  #proveInline({ dataSize, data }: ValueNode, path: string, offset: number): void {
    if (dataSize < INLINE_DATA || dataSize === INLINE_DATA + HINT_LENGTH) return;
    const unused = dataSize === INLINE_DATA ? data : Math.floor(data / 256 ** (dataSize - INLINE_DATA));
    if (unused !== 0) throw this.#fail("the value has more than zeros behind its data", path, offset);
  }

  /** Subkeys that were there are there in the same order; gives the names of the new ones. */
  #proveSubkeys(old: KeyNode | undefined, next: KeyNode, { path, subkeys }: KeyIntent): string[] {
    const before = old === undefined ? undefined : this.#before.subkeysOf(old);
    const after = this.#after.subkeysOf(next);
    const names = new Map(subkeys.map((name) => [upcase(name), name]));
    let index = 0;
    for (const { key, hint } of after.listed) {
      const listed = before?.listed[index];
      if (listed?.key === key) {
        if (listed.hint !== hint) throw this.#fail("the hash of a subkey differs", path, key);
        index++;
        continue;
      }
      const name = names.get(upcase(this.#after.keyName(key)));
      if (name === undefined) throw this.#fail("a subkey was not planned, or stands elsewhere", path, key);
      names.delete(upcase(name));
      const [leaf = 0] = after.leaves;
      const { signature } = new SubkeyListHeader(this.#after.content(leaf, "subkey list"));
      if (hint !== hintFor(signature, name))
        throw this.#fail("the hash of a new subkey is not right", path, key);
    }
    if (index !== (before?.listed.length ?? 0)) throw this.#fail("a subkey of the key is gone", path);
    const [lost] = names.values();
    if (lost !== undefined) throw this.#missing(`the subkey ${lost} is not listed`, path);
    const known = new Set(before?.cells);
    for (const cell of after.cells) {
      if (known.delete(cell)) continue;
      const { signature, count } = new SubkeyListHeader(this.#after.content(cell, "subkey list"));
      this.#addFresh(cell, SubkeyListHeader.sizeBytes + count * entrySizeOf(signature));
    }
    for (const cell of known) this.released.add(cell);
    return subkeys.slice();
  }

  #proveList(old: number | undefined, next: number | undefined, length: number): void {
    if (old === next) return;
    if (next !== undefined) this.#addFresh(next, length);
    if (old !== undefined) this.released.add(old);
  }

  /** The descriptor that new keys share counts them, and is the same otherwise. */
  #proveSecurity(offset: number, count: number): void {
    const expected = bytesOf(this.#before.content(offset, "security descriptor")).slice();
    const node = new SecurityNode(new DataView(expected.buffer));
    node.referenceCount += count;
    if (!isSame(expected, bytesOf(this.#after.content(offset, "security descriptor")))) {
      throw this.#fail("the security descriptor differs in more than the count of its keys", "", offset);
    }
    this.changed.add(offset);
  }

  /** Notes a new cell of which so many bytes are accounted for: there are zeros behind them. */
  #addFresh(cell: number, length: number): void {
    this.#proveRest(cell, length);
    this.fresh.add(cell);
  }

  #addChanged(cell: number, length: number): void {
    const [old, next] = [this.#before, this.#after].map((state) =>
      bytesOf(state.content(cell, "value data")),
    );
    if (old !== undefined && next !== undefined && isSame(old, next)) return;
    this.#proveRest(cell, length);
    this.changed.add(cell);
  }

  #proveRest(cell: number, length: number): void {
    const content = bytesOf(this.#after.content(cell, "cell"));
    if (!isZero(content.subarray(length)))
      throw this.#fail("the cell has more than zeros behind its content", "", cell);
  }

  #missing(message: string, key: string) {
    return proofError("STAGE_PROOF_MISSING", message, { path: `${this.#after.path}: ${key}` });
  }

  #fail(message: string, key: string, cell?: number) {
    const path = key === "" ? this.#after.path : `${this.#after.path}: ${key}`;
    const place = cell === undefined ? {} : { structure: "hive cell", offset: 4096 + cell };
    return proofError("STAGE_PROOF_HIVE", message, { path, ...place });
  }
}

/** A name as Windows stores it: in Latin-1 wherever it can be. */
function storeName(name: string): { bytes: Uint8Array; isCompressed: boolean } {
  const units = Array.from({ length: name.length }, (_, index) => name.charCodeAt(index));
  const isCompressed = units.every((unit) => unit <= 0xff);
  if (isCompressed) return { bytes: Uint8Array.from(units), isCompressed: name !== "" };
  const bytes = new Uint8Array(name.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [index, unit] of units.entries()) view.setUint16(index * 2, unit, true);
  return { bytes, isCompressed };
}

/** What a list of this kind has beside the offset of a key. */
function hintFor(signature: number, name: string): number | undefined {
  if (signature === SIGNATURES.hashLeaf) return hashOf(upcase(name));
  if (signature !== SIGNATURES.fastLeaf) return undefined;
  let hint = 0;
  for (let index = 0; index < Math.min(HINT_LENGTH, name.length); index++) {
    const unit = name.charCodeAt(index);
    if (unit > 0xff) return 0;
    hint += unit * 256 ** index;
  }
  return hint;
}

function sizeOf({ dataSize }: ValueNode): number {
  return dataSize >= INLINE_DATA ? dataSize - INLINE_DATA : dataSize;
}
