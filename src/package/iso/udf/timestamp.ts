// SPDX-License-Identifier: MIT
import { formatMoment } from "../moments.ts";
import type { Timestamp } from "./layout.ts";

/** Type of a timestamp that is in UTC whatever its zone says. */
const UTC = 0;
/** Minutes of a timestamp whose zone is not known. */
const NO_ZONE = -2047;

/** A timestamp as `DiscNode.modified` has it. */
export function formatTimestamp(stamp: Timestamp): string | null {
  const { typeAndZone, year, month, day, hour, minute, second } = stamp;
  // The low twelve bits, with their sign.
  const minutes = ((typeAndZone & 0xfff) ^ 0x800) - 0x800;
  const zoneMinutes = typeAndZone >>> 12 === UTC ? 0 : minutes === NO_ZONE ? undefined : minutes;
  return formatMoment({ year, month, day, hour, minute, second, zoneMinutes });
}
