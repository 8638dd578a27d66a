// SPDX-License-Identifier: MIT
import type { Evidence, Place } from "../guest/index.ts";
import type { EvidenceReport, PlaceReport } from "./report.ts";

/** Where in an image a guest is. */
export interface GuestPlace {
  /** Path of the image. */
  readonly image: string;
  /** Index of the volume. */
  readonly volume: number;
}

/** Evidence as the report prints it: its place is told from the image down to the bytes. */
export function reportEvidence({ source, value, place }: Evidence, guest: GuestPlace): EvidenceReport {
  const { origin } = place;
  const placed = {
    volume: guest.volume,
    path: place.path,
    key: place.key,
    value: place.value,
    fileOffset: place.offset,
    image: origin?.file ?? null,
    imageOffset: origin?.offset ?? null,
  };
  return { source, where: describePlace(place, placed, guest.image), value, place: placed };
}

/** `volume 0: Windows/System32/config/SYSTEM: Select\Current: cell at 0x1f4a8: image offset 0x3c4f4a8`. */
function describePlace(place: Place, { volume, image, imageOffset }: PlaceReport, audited: string): string {
  const parts = [`volume ${volume}`, place.path];
  if (place.key !== null) parts.push(place.value === null ? place.key : `${place.key}\\${place.value}`);
  if (place.offset !== null) {
    parts.push(`${place.key === null ? "VS_FIXEDFILEINFO" : "cell"} at ${hex(place.offset)}`);
  }
  if (image !== null && imageOffset !== null) {
    parts.push(`image offset ${hex(imageOffset)}${image === audited ? "" : ` of ${image}`}`);
  }
  return parts.join(": ");
}

const hex = (offset: number) => `0x${offset.toString(16)}`;
