import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  BaseBlock,
  BigData,
  HashedEntry,
  INLINE_DATA,
  KEY_FLAGS,
  KeyNode,
  NO_OFFSET,
  SEGMENT_SIZE,
  SecurityNode,
  SIGNATURES,
  SubkeyListHeader,
  VALUE_FLAGS,
  ValueNode,
} from "../../../src/registry/layout.ts";
import { upcase } from "../../../src/registry/upcase.ts";
import { CellWriter, viewOf } from "./cells.ts";
import { type HiveTree, type HiveValue, keyFromTree, type LabKey, rawValue } from "./tree.ts";

export type LeafKind = "lf" | "lh" | "li";

export interface BuildHiveOptions {
  /** Minor version of the format; 5 unless told. */
  readonly minor?: number;
  /** Kind of the leaves of subkey lists; what Windows writes for the version unless told. */
  readonly list?: LeafKind;
  /** Longest leaf; longer lists are split and put under an index root. */
  readonly leafCountMax?: number;
  /** Leaves the sequence numbers as they are while a write is going on. */
  readonly dirty?: boolean;
  /** The primary sequence number; 7 unless told. */
  readonly sequence?: number;
  readonly fileName?: string;
  readonly rootName?: string;
  /** Of the hive and of every key without a time of its own. */
  readonly lastWritten?: bigint;
  /** Bytes after the last bin, as Windows leaves them. */
  readonly slackBytes?: number;
}

/** 2014-04-23T14:00:00Z: the same tree always gives the same bytes. */
export const LAB_TIME = 130_427_352_000_000_000n;

/** The bytes of a hive with these keys and values. */
export function buildHive(tree: HiveTree, options: BuildHiveOptions = {}): Uint8Array {
  return buildHiveOf(keyFromTree(options.rootName ?? "ROOT", tree), options);
}

/** The same for a tree without shorthand. */
export function buildHiveOf(root: LabKey, options: BuildHiveOptions = {}): Uint8Array {
  return new HiveWriter(options).write(root);
}

/** The base block of a hive or log, to look at and to change; {@link seal} it afterwards. */
export function baseBlockOf(hive: Uint8Array): BaseBlock {
  return new BaseBlock(viewOf(hive));
}

/** Sets the checksum of a base block to what its fields ask for. */
export function seal(hive: Uint8Array): Uint8Array {
  const words = new Uint32Array(hive.slice(0, 508).buffer);
  const sum = words.reduce((a, b) => (a ^ b) >>> 0, 0);
  baseBlockOf(hive).checksum = sum === 0 ? 1 : sum === 0xffff_ffff ? 0xffff_fffe : sum;
  return hive;
}

class HiveWriter {
  readonly #options: BuildHiveOptions;
  readonly #minor: number;
  readonly #time: bigint;
  readonly #leafKind: LeafKind;
  readonly #cells: CellWriter;
  #security = NO_OFFSET;
  #keyCount = 0;

  constructor(options: BuildHiveOptions) {
    this.#options = options;
    this.#minor = options.minor ?? 5;
    this.#time = options.lastWritten ?? LAB_TIME;
    this.#leafKind = options.list ?? leafKindOf(this.#minor);
    this.#cells = new CellWriter(this.#time, this.#minor);
  }

  write(root: LabKey): Uint8Array {
    const rootCell = this.#key(root, NO_OFFSET);
    new SecurityNode(this.#cells.view(this.#security)).referenceCount = this.#keyCount;
    const hive = this.#cells.finish(this.#options.slackBytes ?? 0);
    const sequence = this.#options.sequence ?? 7;
    Object.assign(baseBlockOf(hive), {
      signature: "regf",
      primarySequence: sequence,
      secondarySequence: this.#options.dirty ? sequence - 1 : sequence,
      lastWritten: this.#time,
      majorVersion: 1,
      minorVersion: this.#minor,
      fileFormat: 1,
      rootCell,
      binsSize: this.#cells.binsSize,
      clusteringFactor: 1,
      fileName: (this.#options.fileName ?? "\\SystemRoot\\System32\\Config\\LAB").slice(-31),
    } satisfies Partial<BaseBlock>);
    return seal(hive);
  }

  /** Writes a key, then all that belongs to it and is below it; gives its offset. */
  #key(key: LabKey, parent: number): number {
    const { bytes: nameBytes, isCompressed } = this.#encodeName(key.name);
    const content = new Uint8Array(KeyNode.sizeBytes + nameBytes.length);
    content.set(nameBytes, KeyNode.sizeBytes);
    const cell = this.#cells.put(content);
    if (this.#security === NO_OFFSET) this.#security = this.#securityRing();
    this.#keyCount++;

    const className = encodeUtf16(key.className ?? "");
    const classCell = className.length > 0 ? this.#cells.put(className) : NO_OFFSET;
    const values = key.values.map(([name, value]) => this.#value(name, value));
    const valueList = values.length > 0 ? this.#cells.put(offsetBytes(values)) : NO_OFFSET;
    const subkeys = key.subkeys
      .map((subkey) => ({ upper: upcase(subkey.name), subkey }))
      .sort((a, b) => (a.upper < b.upper ? -1 : 1))
      .map(({ upper, subkey }) => ({ name: subkey.name, upper, offset: this.#key(subkey, cell) }));

    const isRoot = parent === NO_OFFSET;
    Object.assign(new KeyNode(this.#cells.view(cell)), {
      signature: SIGNATURES.key,
      flags:
        (isCompressed ? KEY_FLAGS.compressedName : 0) |
        (isRoot ? KEY_FLAGS.hiveEntry | KEY_FLAGS.noDelete : 0),
      lastWritten: key.lastWritten ?? this.#time,
      parent: isRoot ? 0 : parent,
      subkeyCount: subkeys.length,
      subkeyList: subkeys.length > 0 ? this.#list(subkeys) : NO_OFFSET,
      volatileSubkeyList: NO_OFFSET,
      valueCount: values.length,
      valueList,
      security: this.#security,
      className: classCell,
      classNameLength: className.length,
      nameLength: nameBytes.length,
      subkeyNameMax: longest(key.subkeys, ({ name }) => name.length * 2),
      classNameMax: longest(key.subkeys, (subkey) => (subkey.className ?? "").length * 2),
      valueNameMax: longest(key.values, ([name]) => name.length * 2),
      valueDataMax: longest(key.values, ([, value]) => rawValue(value).data.length),
    } satisfies Partial<KeyNode>);
    return cell;
  }

  /** Windows NT 3.1 knew UTF-16 alone. */
  #encodeName(name: string) {
    return this.#minor === 1 ? { bytes: encodeUtf16(name), isCompressed: false } : encodeName(name);
  }

  #value(name: string, value: HiveValue): number {
    const { type, data } = rawValue(value);
    const { bytes: nameBytes, isCompressed } = this.#encodeName(name);
    const content = new Uint8Array(ValueNode.sizeBytes + nameBytes.length);
    content.set(nameBytes, ValueNode.sizeBytes);
    const node = new ValueNode(viewOf(content));
    Object.assign(node, {
      signature: SIGNATURES.value,
      nameLength: nameBytes.length,
      dataSize: data.length,
      type,
      flags: isCompressed ? VALUE_FLAGS.compressedName : 0,
    } satisfies Partial<ValueNode>);
    if (data.length <= 4) {
      node.dataSize = INLINE_DATA + data.length;
      content.set(data, ValueNode.offsetOf.data);
    } else {
      node.data =
        data.length > SEGMENT_SIZE && this.#minor >= 4 ? this.#bigData(data) : this.#cells.put(data);
    }
    return this.#cells.put(content);
  }

  #bigData(data: Uint8Array): number {
    const segments: number[] = [];
    for (let at = 0; at < data.length; at += SEGMENT_SIZE) {
      segments.push(this.#cells.put(data.subarray(at, at + SEGMENT_SIZE)));
    }
    const content = new Uint8Array(12);
    Object.assign(new BigData(viewOf(content)), {
      signature: SIGNATURES.bigData,
      segmentCount: segments.length,
      segmentList: this.#cells.put(offsetBytes(segments)),
    } satisfies Partial<BigData>);
    return this.#cells.put(content);
  }

  #list(subkeys: readonly ListedKey[]): number {
    const leafCountMax = this.#options.leafCountMax ?? 1012;
    const leaves: number[] = [];
    for (let at = 0; at < subkeys.length; at += leafCountMax) {
      leaves.push(this.#cells.put(leafBytes(this.#leafKind, subkeys.slice(at, at + leafCountMax))));
    }
    const [only] = leaves;
    if (only !== undefined && leaves.length === 1) return only;
    return this.#cells.put(listBytes(SIGNATURES.indexRoot, leaves.length, offsetBytes(leaves)));
  }

  /** One security cell for all keys, which makes a ring of one. Its descriptor is empty. */
  #securityRing(): number {
    const content = new Uint8Array(SecurityNode.sizeBytes + 20);
    const cell = this.#cells.put(content);
    Object.assign(new SecurityNode(this.#cells.view(cell)), {
      signature: SIGNATURES.security,
      next: cell,
      previous: cell,
      descriptorSize: 20,
    } satisfies Partial<SecurityNode>);
    // SECURITY_DESCRIPTOR_RELATIVE: revision 1, self-relative, no owner, group or lists.
    this.#cells.view(cell).setUint32(SecurityNode.sizeBytes, 0x8000_0001, true);
    return cell;
  }
}

interface ListedKey {
  readonly name: string;
  readonly upper: string;
  readonly offset: number;
}

function leafKindOf(minor: number): LeafKind {
  if (minor >= 5) return "lh";
  return minor >= 3 ? "lf" : "li";
}

function leafBytes(kind: LeafKind, keys: readonly ListedKey[]): Uint8Array {
  if (kind === "li") {
    return listBytes(SIGNATURES.indexLeaf, keys.length, offsetBytes(keys.map(({ offset }) => offset)));
  }
  const entries = new Uint8Array(keys.length * HashedEntry.sizeBytes);
  keys.forEach(({ name, upper, offset }, index) => {
    const entry = new HashedEntry(viewOf(entries), index * HashedEntry.sizeBytes);
    entry.key = offset;
    entry.hint = kind === "lh" ? hashOf(upper) : hintOf(name);
  });
  return listBytes(kind === "lh" ? SIGNATURES.hashLeaf : SIGNATURES.fastLeaf, keys.length, entries);
}

function listBytes(signature: number, count: number, entries: Uint8Array): Uint8Array {
  const content = new Uint8Array(SubkeyListHeader.sizeBytes + entries.length);
  Object.assign(new SubkeyListHeader(viewOf(content)), { signature, count });
  content.set(entries, SubkeyListHeader.sizeBytes);
  return content;
}

function hashOf(upper: string): number {
  let hash = 0n;
  for (let index = 0; index < upper.length; index++) {
    hash = (hash * 37n + BigInt(upper.charCodeAt(index))) % 2n ** 32n;
  }
  return Number(hash);
}

/** The first four characters, none of them where the first four do not all fit one byte each. */
function hintOf(name: string): number {
  const head = name.slice(0, 4);
  if (!isLatin1(head)) return 0;
  return [...head].reduce((hint, character, index) => hint + character.charCodeAt(0) * 256 ** index, 0);
}

function offsetBytes(offsets: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(offsets).buffer);
}

/** Windows stores a name in Latin-1 wherever it can. */
function encodeName(name: string): { bytes: Uint8Array; isCompressed: boolean } {
  if (!isLatin1(name)) return { bytes: encodeUtf16(name), isCompressed: false };
  return { bytes: Uint8Array.from(name, (character) => character.charCodeAt(0)), isCompressed: name !== "" };
}

function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

function longest<T>(items: readonly T[], lengthOf: (item: T) => number): number {
  return items.reduce((length, item) => Math.max(length, lengthOf(item)), 0);
}
