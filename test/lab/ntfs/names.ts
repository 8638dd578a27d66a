// SPDX-License-Identifier: MIT
import { dateToFiletime, encodeUtf16 } from "../../../src/bytes/index.ts";
import { FileName } from "../../../src/fs/ntfs/layout.ts";

/** The lab's $UpCase: JavaScript's upper case where that is one unit for one. */
export const UPCASE: Uint16Array = Uint16Array.from({ length: 0x10000 }, (_, unit) => {
  const upper = String.fromCharCode(unit).toUpperCase();
  return upper.length === 1 ? upper.charCodeAt(0) : unit;
});

/** The order of names in a directory, written down a second time and as simply as can be. */
export function compareNames(one: string, other: string): number {
  const order = compareUnits(upper(one), upper(other));
  return order === 0 ? compareUnits(units(one), units(other)) : order;
}

export function upper(name: string): number[] {
  return units(name).map((unit) => UPCASE[unit] ?? unit);
}

function units(name: string): number[] {
  return Array.from({ length: name.length }, (_, unit) => name.charCodeAt(unit));
}

function compareUnits(one: readonly number[], other: readonly number[]): number {
  for (const [index, unit] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (unit !== against) return unit - against;
  }
  return one.length - other.length;
}

/** When everything on a lab volume was made. */
export const LAB_TIME = dateToFiletime(new Date("2015-07-14T12:00:00Z"));

export interface NameKey {
  readonly name: string;
  readonly namespace: number;
  readonly parent: { readonly recordNumber: number; readonly sequence: number };
  readonly flags: number;
  readonly sizeBytes: number;
}

/** A $FILE_NAME value, which is also the key of the directory entry. */
export function encodeFileName({ name, namespace, parent, flags, sizeBytes }: NameKey): Uint8Array {
  const bytes = new Uint8Array(FileName.sizeBytes + name.length * 2);
  Object.assign(new FileName(new DataView(bytes.buffer)), {
    parentRecord: parent.recordNumber,
    parentSequence: parent.sequence,
    created: LAB_TIME,
    modified: LAB_TIME,
    changed: LAB_TIME,
    accessed: LAB_TIME,
    allocatedSize: Math.ceil(sizeBytes / 8) * 8,
    dataSize: sizeBytes,
    flags,
    nameLength: name.length,
    namespace,
  });
  bytes.set(encodeUtf16(name), FileName.sizeBytes);
  return bytes;
}
