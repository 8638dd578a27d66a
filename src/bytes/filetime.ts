// SPDX-License-Identifier: MIT

/** 1601-01-01 to 1970-01-01 in units of 100 ns (MS-DTYP 2.3.3). */
const UNIX_EPOCH = 116_444_736_000_000_000n;
const TICKS_PER_MS = 10_000n;

/** The date of a FILETIME, to the millisecond, or undefined where a Date cannot hold it (year 275760 and later). */
export function filetimeToDate(filetime: bigint): Date | undefined {
  const date = new Date(Number((filetime - UNIX_EPOCH) / TICKS_PER_MS));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** The FILETIME of a date. */
export function dateToFiletime(date: Date): bigint {
  return BigInt(date.getTime()) * TICKS_PER_MS + UNIX_EPOCH;
}
