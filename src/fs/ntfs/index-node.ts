// SPDX-License-Identifier: MIT
import { decodeUtf16, readSize64 } from "../../bytes/index.ts";
import { locate, VmguestError, type Where } from "../../errors.ts";
import { FILE_NAME_FLAGS, FileName, INDEX_ENTRY_FLAGS, IndexEntryHeader, IndexHeader } from "./layout.ts";

const CHILD_VCN_SIZE = 8;

/** One entry of a directory's index. It stays valid: its node's bytes are a private copy. */
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
    return this.#key.namespace;
  }

  get isDirectory(): boolean {
    return (this.#key.flags & FILE_NAME_FLAGS.directory) !== 0;
  }

  /** For comparing without making a string: where the name's units are. */
  get view(): DataView {
    return this.#view;
  }

  get nameAt(): number {
    return this.#at + IndexEntryHeader.sizeBytes + FileName.sizeBytes;
  }

  get nameLengthUnits(): number {
    return this.#key.nameLength;
  }

  get #key(): FileName {
    return new FileName(this.#view, this.#at + IndexEntryHeader.sizeBytes);
  }
}

/** A node of a directory's tree: the index root or an index block. */
export class IndexNode {
  readonly #view: DataView;
  readonly #entriesAt: number;
  readonly #end: number;
  readonly #where: Where;

  /** `view` is a private copy that holds an index header at `headerAt`; throws NTFS_INDEX. */
  constructor(view: DataView, headerAt: number, where: Where) {
    this.#view = view;
    this.#where = where;
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
    if (!isEnd) this.#checkKey(at + IndexEntryHeader.sizeBytes, keyLength);
    return { entry: new IndexEntry(this.#view, at, header, this.#where), lengthBytes: length };
  }

  #checkKey(at: number, keyLength: number): void {
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
