// SPDX-License-Identifier: MIT

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

const CYLINDERS_MAX = 65_535;

/** The geometry of a disk with so many sectors, by the algorithm of the specification's appendix "CHS Calculation". */
export function geometryOf(sectorCount: number): Geometry {
  const total = Math.min(sectorCount, CYLINDERS_MAX * 16 * 255);
  if (total >= CYLINDERS_MAX * 16 * 63) return geometry(total, 16, 255);
  const tracks = Math.floor(total / 17);
  const heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks < heads * 1024 && heads <= 16) return geometry(total, heads, 17);
  return Math.floor(total / 31) < 16 * 1024 ? geometry(total, 16, 31) : geometry(total, 16, 63);
}

function geometry(total: number, heads: number, sectorsPerTrack: number): Geometry {
  return { cylinders: Math.floor(Math.floor(total / sectorsPerTrack) / heads), heads, sectorsPerTrack };
}
