// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../errors.ts";
import type { PartitionPlace } from "./partition-list.ts";

/**
 * Findings for partitions that reach past the end of the disk or claim the same bytes.
 *
 * Neither hides a partition: an image that was cut short, or one whose table was edited by hand, is still worth
 * reading, and who reads it is told. `where.partition` is the position in `places`.
 */
export function checkPlacement(places: readonly PartitionPlace[], diskSizeBytes: number): Finding[] {
  return [...outsideDisk(places, diskSizeBytes), ...overlapping(places)];
}

function outsideDisk(places: readonly PartitionPlace[], diskSizeBytes: number): Finding[] {
  return places.flatMap(({ partition, offset, sizeBytes }, index) => {
    const end = offset + sizeBytes;
    if (end <= diskSizeBytes) return [];
    const message = `partition ${partition.number} ends at ${hex(end)}, but the disk at ${hex(diskSizeBytes)}`;
    return [finding("PARTITION_RANGE", message, { partition: index })];
  });
}

/** One finding for each partition that begins before one in front of it ends. */
function overlapping(places: readonly PartitionPlace[]): Finding[] {
  const findings: Finding[] = [];
  let reaching: PartitionPlace | undefined;
  for (const [index, place] of [...places.entries()].sort(([, a], [, b]) => a.offset - b.offset)) {
    if (reaching === undefined || place.offset >= endOf(reaching)) {
      reaching = place;
      continue;
    }
    const numbers = `partition ${place.partition.number} begins at ${hex(place.offset)}, inside partition ${reaching.partition.number}`;
    findings.push(finding("PARTITION_OVERLAP", numbers, { partition: index }));
    if (endOf(place) > endOf(reaching)) reaching = place;
  }
  return findings;
}

function endOf({ offset, sizeBytes }: PartitionPlace): number {
  return offset + sizeBytes;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
