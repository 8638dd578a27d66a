// SPDX-License-Identifier: MIT
import { type Code, VmguestError, type Where } from "../../errors.ts";
import type { ByteSource, Origin } from "../../io/index.ts";
import { AttributeRecord } from "./attribute-record.ts";
import { holdsFixup, undoFixups } from "./fixup.ts";
import { ATTRIBUTE, AttributeHeader, FileRecordHeader, RECORD_FLAGS } from "./layout.ts";

/** From this offset of the update sequence on, the header has the fields of NTFS 3.1. */
const USA_OFFSET_31 = 0x30;

/** Whoever can read FILE records by number. */
export interface RecordSource {
  record(recordNumber: number): FileRecord;
}

/** One record of $MFT: a file, or an extension of one. Its bytes are a private copy with the fix-ups undone. */
export class FileRecord {
  readonly recordNumber: number;
  readonly header: FileRecordHeader;
  readonly view: DataView;
  readonly #home: ByteSource | undefined;
  #attributes: readonly AttributeRecord[] | undefined;

  private constructor(recordNumber: number, view: DataView, header: FileRecordHeader, home?: ByteSource) {
    this.recordNumber = recordNumber;
    this.view = view;
    this.header = header;
    this.#home = home;
  }

  /**
   * Takes over `bytes`, a private copy of the whole record as it lies on disk. Throws NTFS_RECORD or NTFS_TORN_RECORD;
   * whether the record is in use is for the caller to judge. `home` is where the bytes were copied from, for {@link originOf}.
   */
  static parse(bytes: Uint8Array, recordNumber: number, home?: ByteSource): FileRecord {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const where = placeOf(recordNumber, view.byteLength);
    const header = new FileRecordHeader(view);
    if (header.signature !== "FILE") {
      throw new VmguestError("NTFS_RECORD", describeSignature(header.signature), where);
    }
    undoFixups(view, "NTFS_RECORD", where);
    const { firstAttribute, usedSize, allocatedSize } = header;
    const isOrdered =
      firstAttribute >= header.usaOffset + header.usaCount * 2 &&
      firstAttribute < usedSize &&
      usedSize <= allocatedSize &&
      allocatedSize <= view.byteLength;
    if (!isOrdered || firstAttribute % 8 !== 0) {
      const message = `attributes at 0x${firstAttribute.toString(16)}, ${usedSize} bytes used and ${allocatedSize} allocated do not fit ${view.byteLength} bytes`;
      throw new VmguestError("NTFS_RECORD", message, where);
    }
    if (header.usaOffset >= USA_OFFSET_31 && header.recordNumber !== recordNumber % 2 ** 32) {
      throw new VmguestError("NTFS_RECORD", `says that it is record ${header.recordNumber}`, where);
    }
    return new FileRecord(recordNumber, view, header, home);
  }

  get isInUse(): boolean {
    return (this.header.flags & RECORD_FLAGS.inUse) !== 0;
  }

  get isDirectory(): boolean {
    return (this.header.flags & RECORD_FLAGS.directory) !== 0;
  }

  /** False for a record that only continues another one. */
  get isBase(): boolean {
    return this.header.baseRecord === 0 && this.header.baseSequence === 0;
  }

  /** The attributes that stand in this record, in their order; throws NTFS_ATTRIBUTE or NTFS_RECORD. */
  get attributes(): readonly AttributeRecord[] {
    this.#attributes ??= this.#parseAttributes();
    return this.#attributes;
  }

  /** Where a part of this record stands in a file of the host; undefined where a fix-up is in it. */
  originOf(at: number, length: number): Origin | undefined {
    return holdsFixup(at, length) ? undefined : this.#home?.originOf?.(at, length);
  }

  /** Place of byte `at` of this record, for an error. */
  where(at = 0): Where {
    const { structure, offset } = placeOf(this.recordNumber, this.view.byteLength);
    return { path: "$MFT", structure, offset: offset + at };
  }

  damage(code: Code, message: string, at = 0): VmguestError {
    return new VmguestError(code, message, this.where(at));
  }

  /** Every attribute moves at least 24 bytes on, so that the record's size bounds the loop. */
  #parseAttributes(): AttributeRecord[] {
    const attributes: AttributeRecord[] = [];
    const end = this.header.usedSize;
    let at = this.header.firstAttribute;
    while (at + 4 <= end) {
      if (this.view.getUint32(at, true) === ATTRIBUTE.end) return attributes;
      if (at + AttributeHeader.sizeBytes > end) break;
      const attribute = AttributeRecord.parse(this, at, end);
      attributes.push(attribute);
      at += attribute.view.byteLength;
    }
    throw this.damage("NTFS_RECORD", "the attributes have no end marker", at);
  }
}

function placeOf(recordNumber: number, recordSizeBytes: number) {
  return {
    path: "$MFT",
    structure: `FILE record ${recordNumber}`,
    offset: recordNumber * recordSizeBytes,
  } as const;
}

function describeSignature(signature: string): string {
  if (signature === "BAAD") return 'begins with "BAAD": it was given up as beyond repair';
  if (signature === "\0\0\0\0") return "was never written: it is empty";
  return 'does not begin with "FILE"';
}
