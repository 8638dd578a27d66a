// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  AttributeHeader,
  FIXUP_STRIDE_BYTES,
  FileRecordHeader,
  NonResidentHeader,
  ResidentHeader,
} from "../layout.ts";

/** Takes a stretch of clusters that something uses. */
export type UseRun = (lcn: number, lengthClusters: number) => void;

const HEAD = FileRecordHeader.offsetOf;
const ATTRIBUTE_HEAD = AttributeHeader.offsetOf;
const BODY_AT = AttributeHeader.sizeBytes;
const BODY = NonResidentHeader.offsetOf;
const RESIDENT_SIZE_MIN = BODY_AT + ResidentHeader.sizeBytes;
const NON_RESIDENT_SIZE_MIN = BODY_AT + NonResidentHeader.sizeBytes;
/** Both halves of -1, the last cluster of what has none. */
const NO_VCN = 0xffff_ffff;
/** Lengths and distances of as many bytes are exact in 32-bit arithmetic. */
const FIELD_SIZE_MAX = 4;

/**
 * Calls `use` for every run of every attribute in a FILE record, and tells whether that is all of it for certain. Where
 * anything is out of the ordinary it gives up, perhaps after some runs, and the record has to be read with the reader.
 *
 * A volume has hundreds of thousands of records, and nothing is written before all have been looked at: this makes no
 * objects, and puts the words of the update sequence back in `bytes` itself.
 */
export class QuickScan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #recordSizeBytes: number;
  readonly #clusterCount: number;
  readonly #use: UseRun;

  /** `bytes` are records side by side, a private copy. */
  constructor(
    bytes: Uint8Array,
    {
      recordSizeBytes,
      clusterCount,
      use,
    }: { readonly recordSizeBytes: number; readonly clusterCount: number; readonly use: UseRun },
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#recordSizeBytes = recordSizeBytes;
    this.#clusterCount = clusterCount;
    this.#use = use;
  }

  /** Flags of the record that begins at `start`; undefined where it does not begin as one that was written. */
  flagsOf(start: number): number | undefined {
    // "FILE".
    if (this.#view.getUint32(start, true) !== 0x454c4946) return undefined;
    return this.#view.getUint16(start + HEAD.flags, true);
  }

  scan(start: number, recordNumber: number): boolean {
    const view = this.#view;
    if (!this.#undoFixups(start)) return false;
    const usaOffset = view.getUint16(start + HEAD.usaOffset, true);
    const firstAttribute = view.getUint16(start + HEAD.firstAttribute, true);
    const usedSize = view.getUint32(start + HEAD.usedSize, true);
    const isOrdered =
      usaOffset >= FileRecordHeader.sizeBytes &&
      firstAttribute % 8 === 0 &&
      firstAttribute >= usaOffset + view.getUint16(start + HEAD.usaCount, true) * 2 &&
      firstAttribute < usedSize &&
      usedSize <= view.getUint32(start + HEAD.allocatedSize, true) &&
      view.getUint32(start + HEAD.allocatedSize, true) <= this.#recordSizeBytes &&
      view.getUint32(start + HEAD.recordNumber, true) === recordNumber;
    if (!isOrdered) return false;
    const end = start + usedSize;
    // Every attribute moves on, so that the record's size bounds the loop.
    for (let at = start + firstAttribute; at + 4 <= end; ) {
      if (view.getUint32(at, true) === ATTRIBUTE.end) return true;
      if (at + RESIDENT_SIZE_MIN > end) return false;
      const length = view.getUint32(at + ATTRIBUTE_HEAD.length, true);
      if (length < RESIDENT_SIZE_MIN || length % 8 !== 0 || length > end - at) return false;
      const nameBytes = view.getUint8(at + ATTRIBUTE_HEAD.nameLength) * 2;
      if (nameBytes > 0 && view.getUint16(at + ATTRIBUTE_HEAD.nameOffset, true) + nameBytes > length)
        return false;
      if (view.getUint8(at + ATTRIBUTE_HEAD.isNonResident) !== 0 && !this.#scanRuns(at, length)) return false;
      at += length;
    }
    return false;
  }

  /** As the reader does it, for a record in the middle of others. */
  #undoFixups(start: number): boolean {
    const view = this.#view;
    const usaOffset = view.getUint16(start + HEAD.usaOffset, true);
    const strideCount = this.#recordSizeBytes / FIXUP_STRIDE_BYTES;
    if (view.getUint16(start + HEAD.usaCount, true) !== strideCount + 1 || usaOffset % 2 !== 0) return false;
    if (usaOffset + (strideCount + 1) * 2 > FIXUP_STRIDE_BYTES - 2) return false;
    const expected = view.getUint16(start + usaOffset, true);
    for (let stride = 1; stride <= strideCount; stride++) {
      const at = start + stride * FIXUP_STRIDE_BYTES - 2;
      if (view.getUint16(at, true) !== expected) return false;
      view.setUint16(at, view.getUint16(start + usaOffset + stride * 2, true), true);
    }
    return true;
  }

  #scanRuns(at: number, length: number): boolean {
    const view = this.#view;
    const bytes = this.#bytes;
    if (length < NON_RESIDENT_SIZE_MIN) return false;
    const body = at + BODY_AT;
    const runsOffset = view.getUint16(body + BODY.runsOffset, true);
    if (runsOffset < NON_RESIDENT_SIZE_MIN || runsOffset > length) return false;
    const lowestVcn = view.getUint32(body + BODY.lowestVcn, true);
    const highestVcn = view.getUint32(body + BODY.highestVcn, true);
    const highHalf = view.getUint32(body + BODY.highestVcn + 4, true);
    const isEmpty = highestVcn === NO_VCN && highHalf === NO_VCN;
    if (view.getUint32(body + BODY.lowestVcn + 4, true) !== 0 || (highHalf !== 0 && !isEmpty)) return false;
    const endVcn = isEmpty ? 0 : highestVcn + 1;
    const end = at + length;
    let vcn = lowestVcn;
    let lcn = 0;
    let pair = at + runsOffset;
    for (; pair < end && bytes[pair] !== 0; ) {
      const head = bytes[pair] ?? 0;
      const lengthSize = head & 0xf;
      const distanceSize = head >> 4;
      const next = pair + 1 + lengthSize + distanceSize;
      if (lengthSize === 0 || lengthSize > FIELD_SIZE_MAX || distanceSize > FIELD_SIZE_MAX || next > end)
        return false;
      const lengthClusters = this.#signed(pair + 1, lengthSize);
      if (lengthClusters <= 0 || lengthClusters > endVcn - vcn) return false;
      if (distanceSize > 0) {
        lcn += this.#signed(pair + 1 + lengthSize, distanceSize);
        if (lcn < 0 || lcn + lengthClusters > this.#clusterCount) return false;
        this.#use(lcn, lengthClusters);
      }
      vcn += lengthClusters;
      pair = next;
    }
    return vcn === endVcn;
  }

  /** Little-endian two's complement of up to four bytes. */
  #signed(at: number, size: number): number {
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + (this.#bytes[at + index] ?? 0);
    return value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
  }
}
