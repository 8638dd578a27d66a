// SPDX-License-Identifier: MIT
import { decodeUtf16, toSafeNumber } from "../../bytes/index.ts";
import { type Code, locate, type VmguestError, type Where } from "../../errors.ts";
import type { FileRecord } from "./file-record.ts";
import { ATTRIBUTE_FLAGS, AttributeHeader, NonResidentHeader, ResidentHeader } from "./layout.ts";
import { decodeRuns, type RunList } from "./runs.ts";

const BODY_AT = AttributeHeader.sizeBytes;
const RESIDENT_SIZE_MIN = BODY_AT + ResidentHeader.sizeBytes;
const NON_RESIDENT_SIZE_MIN = BODY_AT + NonResidentHeader.sizeBytes;

/** Sizes of a non-resident attribute; only its first extent carries them. */
export interface AttributeSizes {
  readonly allocatedBytes: number;
  readonly dataBytes: number;
  readonly initializedBytes: number;
}

/** One attribute as it stands in one FILE record: the whole of it, or one extent of a long one. */
export class AttributeRecord {
  readonly record: FileRecord;
  /** Byte offset in the record. */
  readonly at: number;
  /** This attribute alone. */
  readonly view: DataView;
  readonly type: number;
  readonly name: string;
  readonly flags: number;
  readonly id: number;
  readonly isResident: boolean;

  private constructor(record: FileRecord, at: number, header: AttributeHeader, name: string) {
    this.record = record;
    this.at = at;
    this.view = new DataView(record.view.buffer, record.view.byteOffset + at, header.length);
    this.type = header.type;
    this.name = name;
    this.flags = header.flags;
    this.id = header.id;
    this.isResident = header.isNonResident === 0;
  }

  /** The attribute at `at` of a record whose used bytes end at `end`; throws NTFS_ATTRIBUTE. */
  static parse(record: FileRecord, at: number, end: number): AttributeRecord {
    const header = new AttributeHeader(record.view, at);
    const sizeMin = header.isNonResident === 0 ? RESIDENT_SIZE_MIN : NON_RESIDENT_SIZE_MIN;
    if (header.length < sizeMin || header.length % 8 !== 0 || header.length > end - at) {
      const message = `attribute 0x${header.type.toString(16)} says it is ${header.length} bytes long, where ${end - at} are left`;
      throw record.damage("NTFS_ATTRIBUTE", message, at);
    }
    if (header.nameLength === 0) return new AttributeRecord(record, at, header, "");
    const nameSizeBytes = header.nameLength * 2;
    if (header.nameOffset + nameSizeBytes > header.length) {
      throw record.damage("NTFS_ATTRIBUTE", "the name of the attribute reaches past its end", at);
    }
    const name = decodeUtf16(record.view, at + header.nameOffset, nameSizeBytes);
    return new AttributeRecord(record, at, header, name);
  }

  get isCompressed(): boolean {
    return (this.flags & ATTRIBUTE_FLAGS.compressionMask) !== 0;
  }

  get isEncrypted(): boolean {
    return (this.flags & ATTRIBUTE_FLAGS.encrypted) !== 0;
  }

  /** The value of a resident attribute, as a view of the record; throws NTFS_ATTRIBUTE for any other. */
  get value(): DataView {
    if (!this.isResident) throw this.damage("NTFS_ATTRIBUTE", "is not resident, but has to be");
    const { valueOffset, valueLength } = new ResidentHeader(this.view, BODY_AT);
    if (valueOffset + valueLength > this.view.byteLength) {
      throw this.damage("NTFS_ATTRIBUTE", `a value of ${valueLength} bytes reaches past its end`);
    }
    return new DataView(this.view.buffer, this.view.byteOffset + valueOffset, valueLength);
  }

  /** First cluster of the attribute that this extent maps; 0 where the value is resident. */
  get lowestVcn(): number {
    return this.isResident ? 0 : locate(this.where, () => this.#body.lowestVcn);
  }

  /** The cluster after the last one that this extent maps. */
  get endVcn(): number {
    // An extent without clusters stores -1 as its highest one.
    const endVcn = BigInt.asUintN(64, this.#body.highestVcn + 1n);
    return locate(this.where, () => toSafeNumber(endVcn));
  }

  /** Clusters of a compression unit as a power of two; 0 where the attribute has none. */
  get compressionUnit(): number {
    return this.#body.compressionUnit;
  }

  /** Sizes of a non-resident value, checked against each other; throws NTFS_SIZES. */
  get sizes(): AttributeSizes {
    const body = this.#body;
    const sizes = locate(this.where, () => ({
      allocatedBytes: body.allocatedSize,
      dataBytes: body.dataSize,
      initializedBytes: body.initializedSize,
    }));
    if (sizes.initializedBytes > sizes.dataBytes || sizes.dataBytes > sizes.allocatedBytes) {
      const message = `${sizes.initializedBytes} bytes initialised, ${sizes.dataBytes} of data and ${sizes.allocatedBytes} allocated cannot be`;
      throw this.damage("NTFS_SIZES", message);
    }
    return sizes;
  }

  /** The runs of this extent; throws NTFS_RUNLIST where they do not cover exactly the clusters it claims. */
  decodeRuns(clusterCount: number): RunList {
    const { runsOffset } = this.#body;
    const { lowestVcn, endVcn } = this;
    if (runsOffset < NON_RESIDENT_SIZE_MIN || runsOffset > this.view.byteLength) {
      throw this.damage("NTFS_RUNLIST", `mapping pairs at 0x${runsOffset.toString(16)} lie outside`);
    }
    const pairs = new Uint8Array(
      this.view.buffer,
      this.view.byteOffset + runsOffset,
      this.view.byteLength - runsOffset,
    );
    return decodeRuns(pairs, { lowestVcn, endVcn, clusterCount }, (message) =>
      this.damage("NTFS_RUNLIST", message),
    );
  }

  /** Place of the attribute, for an error. */
  get where(): Where {
    return this.record.where(this.at);
  }

  damage(code: Code, message: string): VmguestError {
    return this.record.damage(code, `attribute 0x${this.type.toString(16)}: ${message}`, this.at);
  }

  get #body(): NonResidentHeader {
    return new NonResidentHeader(this.view, BODY_AT);
  }
}
