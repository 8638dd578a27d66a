// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import { type Cell, readName } from "../cells.ts";
import { KEY_FLAGS, KeyNode, NO_OFFSET, SIGNATURES } from "../layout.ts";
import { upcase } from "../upcase.ts";
import { type HiveCells, referenceOf } from "./hive-cells.ts";
import { SecurityCheck } from "./security.ts";
import { type ListedKey, subkeysOf } from "./subkeys.ts";
import { ValueCheck } from "./values.ts";

/** Windows allows no deeper key. */
const DEPTH_MAX = 512;

/** Longest name that Windows gives a key, in characters. */
const NAME_LENGTH_MAX = 255;

/** A key whose cell holds one and whose name could be read. */
interface OpenedKey {
  readonly cell: Cell;
  readonly node: KeyNode;
  readonly name: string;
  readonly path: string;
  readonly depth: number;
}

/** The walk over all keys, from the root down. */
export class KeyCheck {
  readonly #cells: HiveCells;
  readonly #values: ValueCheck;
  readonly #security: SecurityCheck;

  constructor(cells: HiveCells) {
    this.#cells = cells;
    this.#values = new ValueCheck(cells);
    this.#security = new SecurityCheck(cells);
  }

  *run(rootCell: number): Generator<Finding> {
    const root = yield* this.#open(rootCell, undefined, 0);
    if (root !== undefined) yield* this.#check(root);
    yield* this.#security.conclude();
  }

  *#open(
    offset: number,
    parent: OpenedKey | undefined,
    owner: number,
  ): Generator<Finding, OpenedKey | undefined> {
    const cell = yield* this.#cells.claim(offset, "key", owner);
    if (cell === undefined) return undefined;
    const { hasNameFlags } = this.#cells.store;
    return yield* attempt(() => {
      if (cell.signature !== SIGNATURES.key) throw cell.error("REGF_KEY", "the cell does not hold a key");
      const node = new KeyNode(cell.read(0, KeyNode.sizeBytes));
      const isCompressed = hasNameFlags && hasFlag(node, KEY_FLAGS.compressedName);
      const name = readName(cell, KeyNode.sizeBytes, node.nameLength, isCompressed);
      const path = parent === undefined ? "" : parent.depth === 0 ? name : `${parent.path}\\${name}`;
      return { cell, node, name, path, depth: parent === undefined ? 0 : parent.depth + 1 };
    });
  }

  *#check(key: OpenedKey): Generator<Finding> {
    for (const found of this.#own(key)) yield inKey(found, key);
    yield* this.#subkeys(key);
  }

  /** What belongs to the key alone. */
  *#own(key: OpenedKey): Generator<Finding> {
    const { cell, node } = key;
    yield* checkFlags(key);
    yield* checkName(key);
    yield* this.#className(key);
    yield* this.#security.use(node.security, cell.offset);
    // The field holds a handle of the running system instead of a count in such a key.
    if (!hasFlag(node, KEY_FLAGS.predefinedHandle)) yield* this.#values.check(cell, node);
  }

  *#className({ cell, node }: OpenedKey): Generator<Finding> {
    if (node.classNameLength === 0) return;
    const name = yield* this.#cells.claim(node.className, "class name", cell.offset);
    if (name === undefined || node.classNameLength <= name.sizeBytes) return;
    yield finding(
      "REGF_CLASS",
      `the class name has ${node.classNameLength} bytes, its cell ${name.sizeBytes}`,
      whereOf(cell),
    );
  }

  *#subkeys(key: OpenedKey): Generator<Finding> {
    const { cell, node } = key;
    if (node.subkeyCount === 0) return;
    let count = 0;
    let previous: string | undefined;
    let nameMax = 0;
    let classMax = 0;
    for (const item of subkeysOf(this.#cells, node.subkeyList, cell.offset)) {
      if ("code" in item) {
        yield inKey(item, key);
        continue;
      }
      count++;
      const child = yield* inKeyAll(this.#open(item.key, key, item.owner), key);
      if (child === undefined) continue;
      for (const found of checkEntry(item, child, key, previous)) yield inKey(found, child);
      previous = upcase(child.name);
      nameMax = Math.max(nameMax, child.name.length * 2);
      classMax = Math.max(classMax, child.node.classNameLength);
      if (child.depth <= DEPTH_MAX) yield* this.#check(child);
      else {
        const message = `the key is more than ${DEPTH_MAX} levels deep`;
        yield inKey(finding("REGF_LOOP", message, whereOf(child.cell)), child);
      }
    }
    if (count !== node.subkeyCount) {
      const message = `the key counts ${node.subkeyCount} subkeys, its list has ${count}`;
      yield inKey(finding("REGF_COUNT", message, whereOf(cell)), key);
    }
    if (nameMax > node.subkeyNameMax || classMax > node.classNameMax) {
      const message =
        nameMax > node.subkeyNameMax
          ? `a subkey has a name of ${nameMax} bytes, the key says ${node.subkeyNameMax} at most`
          : `a subkey has a class name of ${classMax} bytes, the key says ${node.classNameMax} at most`;
      yield inKey(finding("REGF_NAME_MAX", message, whereOf(cell)), key);
    }
  }
}

function* checkFlags({ cell, node, depth }: OpenedKey): Generator<Finding> {
  if (hasFlag(node, KEY_FLAGS.volatile)) {
    yield finding("REGF_VOLATILE", "the key is marked as kept in memory only", whereOf(cell));
  }
  if (hasFlag(node, KEY_FLAGS.hiveExit)) {
    yield finding("REGF_FLAGS", "the key is marked as the mount point of another hive", whereOf(cell));
  }
  if (hasFlag(node, KEY_FLAGS.hiveEntry) !== (depth === 0)) {
    const message = depth === 0 ? "the root key is not marked as such" : "the key is marked as a root";
    yield finding("REGF_FLAGS", message, whereOf(cell));
  }
}

function* checkName({ cell, name, depth }: OpenedKey): Generator<Finding> {
  const fault =
    name === ""
      ? "the key has no name"
      : name.length > NAME_LENGTH_MAX
        ? `the name of the key has ${name.length} characters, more than ${NAME_LENGTH_MAX}`
        : name.includes("\\") && depth > 0
          ? "the name of the key has a backslash"
          : undefined;
  if (fault !== undefined) yield finding("REGF_NAME", fault, whereOf(cell));
}

/** A key against the entry that lists it and the one before. */
function* checkEntry(
  entry: ListedKey,
  child: OpenedKey,
  parent: OpenedKey,
  previous: string | undefined,
): Generator<Finding> {
  const where = whereOf(child.cell);
  if (child.node.parent !== referenceOf(parent.cell)) {
    const named =
      child.node.parent === NO_OFFSET ? "no key" : `the cell at 0x${child.node.parent.toString(16)}`;
    yield finding("REGF_PARENT", `the key names ${named} as its parent, which does not list it`, where);
  }
  const upper = upcase(child.name);
  if (previous !== undefined && upper === previous) {
    yield finding("REGF_NAME_DUPLICATE", "the key before it in the list has the same name", where);
  } else if (previous !== undefined && upper < previous) {
    yield finding("REGF_ORDER", "the key before it in the list has a greater name", where);
  }
  if (!entry.hintFits(upper)) {
    yield finding("REGF_HASH", "the hash or hint in the list does not fit the name", where);
  }
}

function hasFlag({ flags }: KeyNode, flag: number): boolean {
  return (flags & flag) !== 0;
}

function whereOf({ structure, offset }: Cell) {
  return { structure, offset };
}

/** The finding with the key it was met in, unless it says one already; the root is the hive itself. */
function inKey(found: Finding, { path }: OpenedKey): Finding {
  return path === "" ? found : { ...found, where: { path, ...found.where } };
}

function* inKeyAll<T>(work: Generator<Finding, T>, key: OpenedKey): Generator<Finding, T> {
  let step = work.next();
  while (step.done !== true) {
    yield inKey(step.value, key);
    step = work.next();
  }
  return step.value;
}
