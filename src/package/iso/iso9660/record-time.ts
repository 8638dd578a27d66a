// SPDX-License-Identifier: MIT
import { formatMoment } from "../moments.ts";
import { RecordTime } from "./layout.ts";

/** The seven bytes of a time as `DiscNode.modified` has it; null where all are zero, or they are no date. */
export function readRecordTime(view: DataView, at: number): string | null {
  const { years, month, day, hour, minute, second, zone } = new RecordTime(view, at);
  return formatMoment({ year: 1900 + years, month, day, hour, minute, second, zoneMinutes: zone * 15 });
}
