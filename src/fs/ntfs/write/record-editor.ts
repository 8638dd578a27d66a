// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../../bytes/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { AttributeRecord } from "../attribute-record.ts";
import { FileRecord } from "../file-record.ts";
import { ATTRIBUTE, AttributeHeader, FIXUP_STRIDE_BYTES, FileRecordHeader } from "../layout.ts";
import {
  type AttributeHead,
  align8,
  type ClusterValue,
  encodeNonResident,
  encodeResident,
} from "./attribute-encoder.ts";
import { applyFixups } from "./protection.ts";

/** The end marker and the four bytes behind it; chkdsk counts both as used. */
const END_SIZE_BYTES = 8;
const USA_OFFSET = FileRecordHeader.sizeBytes;
/** Identifiers of attributes have 16 bits. */
const ID_END = 0x10000;

/** An attribute of a record that is being changed; its bytes are never changed in place. */
interface EditedAttribute {
  readonly type: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A FILE record that is being changed: its header, and its attributes one by one. */
export class RecordEditor {
  readonly recordNumber: number;
  readonly #bytes: Uint8Array;
  readonly #header: FileRecordHeader;
  #attributes: EditedAttribute[];

  private constructor(recordNumber: number, bytes: Uint8Array, attributes: EditedAttribute[]) {
    this.recordNumber = recordNumber;
    this.#bytes = bytes;
    this.#header = new FileRecordHeader(new DataView(bytes.buffer));
    this.#attributes = attributes;
  }

  /** Opens a record for changes; the record itself stays as it is. */
  static of(record: FileRecord): RecordEditor {
    const { buffer, byteOffset, byteLength } = record.view;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
    const attributes = record.attributes.map(({ type, name, view }) => ({
      type,
      name,
      bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice(),
    }));
    return new RecordEditor(record.recordNumber, bytes, attributes);
  }

  /**
   * An empty record. `previous` is what stands in its place, whose update sequence number goes on: a half-written record
   * must not look whole because both halves happen to carry the same number.
   */
  static blank(
    head: { recordNumber: number; sequence: number; flags: number },
    previous: Uint8Array,
  ): RecordEditor {
    const bytes = new Uint8Array(previous.length);
    const view = new DataView(bytes.buffer);
    const usaCount = bytes.length / FIXUP_STRIDE_BYTES + 1;
    const old = new FileRecordHeader(new DataView(previous.buffer, previous.byteOffset, previous.byteLength));
    Object.assign(new FileRecordHeader(view), {
      signature: "FILE",
      usaOffset: USA_OFFSET,
      usaCount,
      sequence: head.sequence,
      firstAttribute: align8(USA_OFFSET + usaCount * 2),
      flags: head.flags,
      allocatedSize: bytes.length,
      recordNumber: head.recordNumber,
    });
    const continues = old.signature === "FILE" && old.usaOffset === USA_OFFSET;
    if (continues) view.setUint16(USA_OFFSET, old.view.getUint16(old.at + USA_OFFSET, true), true);
    return new RecordEditor(head.recordNumber, bytes, []);
  }

  get header(): FileRecordHeader {
    return this.#header;
  }

  get sequence(): number {
    return this.#header.sequence;
  }

  /** Identifier for one more attribute. */
  takeId(): number {
    const used = new Set(this.#attributes.map(({ bytes }) => new AttributeHeader(viewOf(bytes)).id));
    let id = this.#header.nextAttributeId;
    // After 2^16 changes of the file it begins again, among those that are there still.
    while (used.has(id)) id = (id + 1) % ID_END;
    this.#header.nextAttributeId = (id + 1) % ID_END;
    return id;
  }

  /** The attribute of this type and name, as a reader sees it; undefined where there is none. */
  find(type: number, name = ""): AttributeRecord | undefined {
    return this.snapshot().attributes.find((attribute) => attribute.type === type && attribute.name === name);
  }

  /** Values of the $FILE_NAME attributes, each to be changed by {@link replaceName}. */
  get names(): Uint8Array[] {
    return this.#attributes
      .filter(({ type }) => type === ATTRIBUTE.fileName)
      .map(({ bytes }) => residentValue(bytes));
  }

  setResident(type: number, name: string, value: Uint8Array): void {
    this.#put({ type, name }, (head) => encodeResident(head, value));
  }

  setNonResident(type: number, name: string, value: ClusterValue): void {
    this.#put({ type, name }, (head) => encodeNonResident(head, value));
  }

  /** Adds a $FILE_NAME; a file may have several. */
  addName(value: Uint8Array): void {
    this.#insert(encodeResident({ type: ATTRIBUTE.fileName, id: this.takeId() }, value));
    this.#header.linkCount += 1;
  }

  /** Changes the values of all $FILE_NAME attributes, none of which may change its length. */
  updateNames(change: (value: DataView) => void): void {
    for (const attribute of this.#attributes) {
      if (attribute.type !== ATTRIBUTE.fileName) continue;
      const value = residentValue(attribute.bytes);
      change(new DataView(value.buffer, value.byteOffset, value.byteLength));
    }
  }

  /** The value of a resident attribute, to be changed in place without changing its length. */
  updateValue(type: number, change: (value: DataView) => void): void {
    const attribute = this.#attributes.find((one) => one.type === type);
    if (attribute === undefined) return;
    const value = residentValue(attribute.bytes);
    change(new DataView(value.buffer, value.byteOffset, value.byteLength));
  }

  remove(type: number, name = ""): void {
    this.#attributes = this.#attributes.filter((one) => one.type !== type || one.name !== name);
  }

  /** Bytes that could still be added to the attributes; negative where they do not fit. */
  get freeBytes(): number {
    let used = this.#header.firstAttribute + END_SIZE_BYTES;
    for (const { bytes } of this.#attributes) used += bytes.length;
    return this.#bytes.length - used;
  }

  /** The record as a reader would have it after {@link encode}. */
  snapshot(): FileRecord {
    return FileRecord.parse(this.encode(), this.recordNumber);
  }

  /** The record as it is to be written. Throws NTFS_WRITE_RECORD_FULL where its attributes do not fit. */
  encode(): Uint8Array {
    if (this.freeBytes < 0) {
      const message = `the attributes need ${-this.freeBytes} bytes more than the record has`;
      throw new VmguestError("NTFS_WRITE_RECORD_FULL", message, this.#where);
    }
    const bytes = this.#bytes.slice();
    const view = new DataView(bytes.buffer);
    let at = this.#header.firstAttribute;
    for (const attribute of this.#attributes) {
      bytes.set(attribute.bytes, at);
      at += attribute.bytes.length;
    }
    view.setUint32(at, ATTRIBUTE.end, true);
    view.setUint32(at + 4, 0, true);
    new FileRecordHeader(view).usedSize = at + END_SIZE_BYTES;
    applyFixups(view);
    return bytes;
  }

  /** The record as it is to be written now; its update sequence goes on with every time. */
  seal(): Uint8Array {
    const bytes = this.encode();
    const { usaOffset } = this.#header;
    this.#bytes.set(bytes.subarray(usaOffset, usaOffset + 2), usaOffset);
    return bytes;
  }

  get #where() {
    return {
      path: "$MFT",
      structure: `FILE record ${this.recordNumber}`,
      offset: this.recordNumber * this.#bytes.length,
    };
  }

  /** Replaces the attribute, which keeps its identifier, or adds it. */
  #put({ type, name }: Omit<AttributeHead, "id">, encode: (head: AttributeHead) => Uint8Array): void {
    const index = this.#attributes.findIndex((one) => one.type === type && one.name === (name ?? ""));
    const known = this.#attributes[index];
    const id = known === undefined ? this.takeId() : new AttributeHeader(viewOf(known.bytes)).id;
    const bytes = encode({ type, ...(name !== undefined && { name }), id });
    if (known === undefined) this.#insert(bytes);
    else this.#attributes[index] = { ...known, bytes };
  }

  /**
   * Attributes are ordered by type, and those of one type by name, none first. Those that are made here have no names, or
   * are the only ones of their type.
   */
  #insert(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    const { type, nameLength, nameOffset } = new AttributeHeader(view);
    const name = decodeUtf16(view, nameOffset, nameLength * 2);
    const after = this.#attributes.findIndex(
      (one) => one.type > type || (one.type === type && name === "" && one.name !== ""),
    );
    this.#attributes.splice(after === -1 ? this.#attributes.length : after, 0, { type, name, bytes });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The value of a resident attribute. */
function residentValue(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  const valueLength = view.getUint32(0x10, true);
  const valueOffset = view.getUint16(0x14, true);
  return bytes.subarray(valueOffset, valueOffset + valueLength);
}
