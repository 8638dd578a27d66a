// SPDX-License-Identifier: MIT
import { decodeUtf16, readSize64 } from "../../bytes/index.ts";
import { locate, VmguestError, type Where } from "../../errors.ts";
import {
  FILE_NAME_FLAGS,
  FileName,
  INDEX_ENTRY_FLAGS,
  IndexEntryHeader,
  IndexHeader,
  ViewEntryHeader,
} from "./layout.ts";

const CHILD_VCN_SIZE = 8;

/** `names`: of a directory, whose entries name files. `view`: of anything else, whose entries carry data. */
export type IndexKind = "names" | "view";

/** One entry of an index. It stays valid: its node's bytes are a private copy. */
export class IndexEntry {
  readonly #view: DataView;
  readonly #at: number;
  readonly #flags: number;
  readonly #length: number;
  readonly #where: Where;

  /** The caller has checked that the entry and its key lie inside `view`. */
  constructor(view: DataView, at: number, header: IndexEntryHeader, where: Where) {
    this.#view = view;
    this.#at = at;
    this.#flags = header.flags;
    this.#length = header.length;
    this.#where = where;
  }

  /** Whether this is the end of a node, which has no name. */
  get isEnd(): boolean {
    return (this.#flags & INDEX_ENTRY_FLAGS.isEnd) !== 0;
  }

  /** Where the node stands whose names come before this entry, or undefined in a leaf. */
  get childVcn(): number | undefined {
    if ((this.#flags & INDEX_ENTRY_FLAGS.hasChild) === 0) return undefined;
    const at = this.#at + this.#length - CHILD_VCN_SIZE;
    return locate(this.#where, () => readSize64(this.#view, at));
  }

  get recordNumber(): number {
    return new IndexEntryHeader(this.#view, this.#at).record;
  }

  get sequence(): number {
    return new IndexEntryHeader(this.#view, this.#at).sequence;
  }

  get name(): string {
    return decodeUtf16(this.#view, this.nameAt, this.nameLengthUnits * 2);
  }

  get namespace(): number {
    return this.#fileName.namespace;
  }

  get isDirectory(): boolean {
    return (this.#fileName.flags & FILE_NAME_FLAGS.directory) !== 0;
  }

  /** The key as it is. */
  get key(): DataView {
    const { keyLength } = new IndexEntryHeader(this.#view, this.#at);
    return this.#part(IndexEntryHeader.sizeBytes, keyLength);
  }

  /** What an entry of a view index says of its key; throws NTFS_INDEX where it does not lie in the entry. */
  get data(): DataView {
    const { dataOffset, dataLength } = new ViewEntryHeader(this.#view, this.#at);
    if (dataOffset >= ViewEntryHeader.sizeBytes && dataOffset + dataLength <= this.#length) {
      return this.#part(dataOffset, dataLength);
    }
    const message = `data of ${dataLength} bytes at 0x${dataOffset.toString(16)} does not fit an entry of ${this.#length}`;
    throw new VmguestError("NTFS_INDEX", message, this.#where);
  }

  #part(offset: number, length: number): DataView {
    return new DataView(this.#view.buffer, this.#view.byteOffset + this.#at + offset, length);
  }

  /** For comparing without making a string: where the name's units are. */
  get view(): DataView {
    return this.#view;
  }

  get nameAt(): number {
    return this.#at + IndexEntryHeader.sizeBytes + FileName.sizeBytes;
  }

  get nameLengthUnits(): number {
    return this.#fileName.nameLength;
  }

  get #fileName(): FileName {
    return new FileName(this.#view, this.#at + IndexEntryHeader.sizeBytes);
  }
}

/** A node of an index: the index root or an index block. */
export class IndexNode {
  readonly #view: DataView;
  readonly #entriesAt: number;
  readonly #end: number;
  readonly #where: Where;
  readonly #kind: IndexKind;

  /** `view` is a private copy that holds an index header at `headerAt`; throws NTFS_INDEX. */
  constructor(view: DataView, headerAt: number, where: Where, kind: IndexKind = "names") {
    this.#view = view;
    this.#where = where;
    this.#kind = kind;
    const { entriesOffset, indexLength } = locate(where, () => new IndexHeader(view, headerAt));
    if (entriesOffset < IndexHeader.sizeBytes || indexLength > view.byteLength - headerAt) {
      throw this.#damage(
        `entries from 0x${entriesOffset.toString(16)} to 0x${indexLength.toString(16)} do not fit`,
        0,
      );
    }
    this.#entriesAt = headerAt + entriesOffset;
    this.#end = headerAt + indexLength;
  }

  /**
   * The entries in their order, with the end entry. Each one is checked when it is reached, and moves at least 16
   * bytes on; a node that does not end in an end entry is NTFS_INDEX.
   */
  *entries(): Generator<IndexEntry, undefined> {
    for (let at = this.#entriesAt; ; ) {
      const entry = this.#entryAt(at);
      yield entry.entry;
      if (entry.entry.isEnd) return;
      at += entry.lengthBytes;
    }
  }

  #entryAt(at: number): { entry: IndexEntry; lengthBytes: number } {
    if (at + IndexEntryHeader.sizeBytes > this.#end) throw this.#damage("no entry ends the node", at);
    const header = new IndexEntryHeader(this.#view, at);
    const { length, keyLength, flags } = header;
    const childSize = (flags & INDEX_ENTRY_FLAGS.hasChild) === 0 ? 0 : CHILD_VCN_SIZE;
    const isEnd = (flags & INDEX_ENTRY_FLAGS.isEnd) !== 0;
    const lengthMin = IndexEntryHeader.sizeBytes + (isEnd ? 0 : keyLength) + childSize;
    if (length < lengthMin || length % 8 !== 0 || length > this.#end - at) {
      throw this.#damage(`an entry of ${length} bytes with a key of ${keyLength} does not fit`, at);
    }
    if (!isEnd && this.#kind === "names") this.#checkName(at + IndexEntryHeader.sizeBytes, keyLength);
    return { entry: new IndexEntry(this.#view, at, header, this.#where), lengthBytes: length };
  }

  #checkName(at: number, keyLength: number): void {
    if (keyLength < FileName.sizeBytes) throw this.#damage(`a key of ${keyLength} bytes is no file name`, at);
    const { nameLength } = new FileName(this.#view, at);
    if (FileName.sizeBytes + nameLength * 2 > keyLength) {
      throw this.#damage(`a name of ${nameLength} units does not fit a key of ${keyLength} bytes`, at);
    }
  }

  #damage(message: string, at: number): VmguestError {
    const { offset = 0 } = this.#where;
    return new VmguestError("NTFS_INDEX", message, { ...this.#where, offset: offset + at });
  }
}
