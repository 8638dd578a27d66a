// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { Partition } from "./volume.ts";

/** A used entry of a partition table as it stands there: nobody has looked yet whether the disk reaches that far. */
export interface PartitionPlace {
  readonly partition: Partition;
  /** Byte offset on the disk. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What one kind of table says, in the order of the table, and what is wrong with it. */
export interface PartitionList {
  readonly places: readonly PartitionPlace[];
  readonly findings: readonly Finding[];
}
