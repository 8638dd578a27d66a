// SPDX-License-Identifier: MIT

/** A moment as the formats write it; the numbers are not checked yet. */
export interface Moment {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** How far the clock was ahead of UTC; undefined where that is not known. */
  readonly zoneMinutes: number | undefined;
}

/** No clock is further from UTC; an offset beyond that is damage. */
const ZONE_MINUTES_MAX = 24 * 60;

/**
 * ISO 8601 to the second: in UTC with `Z`, or as the clock stood, without it, where the zone is not known. Null where
 * the numbers are no date.
 */
export function formatMoment(moment: Moment): string | null {
  const { year, month, day, hour, minute, second, zoneMinutes } = moment;
  if (year < 1 || year > 9999 || hour > 23 || minute > 59 || second > 59) return null;
  // Not Date.UTC, which takes the years 0 to 99 for those of the twentieth century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second);
  if (zoneMinutes === undefined) return date.toISOString().slice(0, 19);
  if (Math.abs(zoneMinutes) > ZONE_MINUTES_MAX) return null;
  date.setUTCMinutes(minute - zoneMinutes);
  return `${date.toISOString().slice(0, -5)}Z`;
}
