// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { formatGuid, parseGuid } from "./guid.ts";
import type { Field } from "./struct.ts";
import { decodeLatin1, decodeUtf16 } from "./text.ts";

/** How a field's bytes become a value and back. */
export interface FieldType<T> {
  readonly name: string;
  readonly sizeBytes: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

type Declare<T> = (offset: number, meaning: string) => Field<T>;

function declare<T>(type: FieldType<T>): Declare<T> {
  return (offset, meaning) => ({ type, offset, meaning });
}

/** Unsigned 8-bit integer. */
export const u8 = declare<number>({
  name: "u8",
  sizeBytes: 1,
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
});

/** Signed 8-bit integer. */
export const i8 = declare<number>({
  name: "i8",
  sizeBytes: 1,
  get: (view, at) => view.getInt8(at),
  set: (view, at, value) => view.setInt8(at, value),
});

/** Unsigned 16-bit integer, little-endian. */
export const u16 = declare<number>({
  name: "u16",
  sizeBytes: 2,
  get: (view, at) => view.getUint16(at, true),
  set: (view, at, value) => view.setUint16(at, value, true),
});

/** Unsigned 32-bit integer, little-endian. */
export const u32 = declare<number>({
  name: "u32",
  sizeBytes: 4,
  get: (view, at) => view.getUint32(at, true),
  set: (view, at, value) => view.setUint32(at, value, true),
});

/** Signed 32-bit integer, little-endian. */
export const i32 = declare<number>({
  name: "i32",
  sizeBytes: 4,
  get: (view, at) => view.getInt32(at, true),
  set: (view, at, value) => view.setInt32(at, value, true),
});

/** Unsigned 48-bit integer, little-endian: the record number of an NTFS file reference. */
export const u48 = declare<number>({
  name: "u48",
  sizeBytes: 6,
  get: (view, at) => view.getUint16(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
  set: (view, at, value) => {
    view.setUint32(at, value % 2 ** 32, true);
    view.setUint16(at + 4, Math.floor(value / 2 ** 32), true);
  },
});

/** An identity of 64 bits (sequence number, LSN, FILETIME): compared and copied, never calculated with. */
export const u64 = declare<bigint>({
  name: "u64",
  sizeBytes: 8,
  get: (view, at) => view.getBigUint64(at, true),
  set: (view, at, value) => view.setBigUint64(at, value, true),
});

/** A size or offset of 64 bits, as a number; reading one of 2^53 or more throws VALUE_TOO_LARGE. */
export const size64 = declare<number>({
  name: "u64 size",
  sizeBytes: 8,
  get: (view, at) => readSize64(view, at),
  set: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
});

/** Unsigned 16-bit integer, big-endian (VHD). */
export const u16be = declare<number>({
  name: "u16 big-endian",
  sizeBytes: 2,
  get: (view, at) => view.getUint16(at),
  set: (view, at, value) => view.setUint16(at, value),
});

/** Unsigned 32-bit integer, big-endian (VHD). */
export const u32be = declare<number>({
  name: "u32 big-endian",
  sizeBytes: 4,
  get: (view, at) => view.getUint32(at),
  set: (view, at, value) => view.setUint32(at, value),
});

/** An identity or marker of 64 bits, big-endian (VHD). */
export const u64be = declare<bigint>({
  name: "u64 big-endian",
  sizeBytes: 8,
  get: (view, at) => view.getBigUint64(at),
  set: (view, at, value) => view.setBigUint64(at, value),
});

/** A size or offset of 64 bits, big-endian, as a number; reading one of 2^53 or more throws VALUE_TOO_LARGE. */
export const size64be = declare<number>({
  name: "u64 size big-endian",
  sizeBytes: 8,
  get: (view, at) => toSafeNumber(view.getBigUint64(at)),
  set: (view, at, value) => view.setBigUint64(at, BigInt(value)),
});

/** A GUID in Microsoft's mixed-endian byte order, as lower-case text without braces. */
export const guid = declare<string>({
  name: "GUID",
  sizeBytes: 16,
  get: (view, at) => formatGuid(view, at),
  set: (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at, 16).set(parseGuid(value)),
});

/** A FILETIME: 100 ns since 1601-01-01 UTC. `filetimeToDate` makes a Date of it. */
export const filetime = declare<bigint>({
  name: "FILETIME",
  sizeBytes: 8,
  get: (view, at) => view.getBigUint64(at, true),
  set: (view, at, value) => view.setBigUint64(at, value, true),
});

/** Single-byte characters (Latin-1), all of them: padding is not cut off. */
export function ascii(offset: number, length: number, meaning: string): Field<string> {
  return {
    type: {
      name: `char[${length}]`,
      sizeBytes: length,
      get: (view, at) => decodeLatin1(view, at, length),
      set: (view, at, value) => {
        for (let index = 0; index < length; index++) view.setUint8(at + index, value.charCodeAt(index) || 0);
      },
    },
    offset,
    meaning,
  };
}

/** UTF-16LE text in a field of `sizeBytes`, up to the first NUL. */
export function utf16(offset: number, sizeBytes: number, meaning: string): Field<string> {
  return {
    type: {
      name: `UTF-16LE[${sizeBytes / 2}]`,
      sizeBytes,
      get: (view, at) => decodeUtf16(view, at, sizeBytes).replace(/\0.*$/s, ""),
      set: (view, at, value) => {
        for (let unit = 0; unit < sizeBytes / 2; unit++) {
          view.setUint16(at + unit * 2, value.charCodeAt(unit) || 0, true);
        }
      },
    },
    offset,
    meaning,
  };
}

/** Bytes taken as they are: reserved space, identifiers, payloads. Reading gives a view, not a copy. */
export function bytes(offset: number, length: number, meaning: string): Field<Uint8Array> {
  return {
    type: {
      name: `byte[${length}]`,
      sizeBytes: length,
      get: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, length),
      set: (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at, length).set(value),
    },
    offset,
    meaning,
  };
}

/** Bytes that the specification reserves. */
export function reserved(offset: number, length: number): Field<Uint8Array> {
  return bytes(offset, length, "reserved");
}

/** The checked 64-bit helper: the unsigned little-endian number at `at`, or VALUE_TOO_LARGE from 2^53 on. */
export function readSize64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high >= 2 ** 21) throw tooLarge(view.getBigUint64(at, true));
  return high * 2 ** 32 + view.getUint32(at, true);
}

/** The same check for a number that was read as a bigint. */
export function toSafeNumber(value: bigint): number {
  if (value < 0n || value >= 2n ** 53n) throw tooLarge(value);
  return Number(value);
}

function tooLarge(value: bigint): VmguestError {
  return new VmguestError("VALUE_TOO_LARGE", `0x${value.toString(16)} is larger than 2^53`);
}
