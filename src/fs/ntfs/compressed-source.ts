// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { type ClusterExtent, ClusterSource } from "./cluster-source.ts";
import { decompressLznt1 } from "./lznt1.ts";
import { HOLE } from "./runs.ts";
import { UnitSource } from "./unit-source.ts";

/**
 * A non-resident attribute that NTFS compressed. It is cut into units of (usually) 16 clusters, each on its own: one
 * without holes is stored as it is, one of holes alone is zeros, and in any other the clusters before the hole are
 * LZNT1.
 */
export class CompressedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #extent: ClusterExtent;
  readonly #clusters: ClusterSource;
  readonly #unitClusters: number;
  readonly #unitSizeBytes: number;
  readonly #units: UnitSource;

  constructor(extent: ClusterExtent, unitClusters: number) {
    this.sizeBytes = extent.sizeBytes;
    this.#extent = extent;
    this.#unitClusters = unitClusters;
    this.#unitSizeBytes = unitClusters * extent.clusterSizeBytes;
    const allocatedBytes = extent.map.endVcn * extent.clusterSizeBytes;
    this.#clusters = new ClusterSource({
      ...extent,
      sizeBytes: allocatedBytes,
      initializedBytes: allocatedBytes,
    });
    this.#units = new UnitSource({
      name: extent.name,
      sizeBytes: extent.sizeBytes,
      unitSizeBytes: this.#unitSizeBytes,
      decode: (index) => this.#decode(index),
    });
  }

  read(offset: number, length: number): DataView {
    return this.#units.read(offset, length);
  }

  /** A unit as it reads, in an array of its own. */
  #decode(index: number): Uint8Array {
    const unitStart = index * this.#unitSizeBytes;
    const uninitializedFrom = this.#extent.initializedBytes - unitStart;
    const storedClusters = uninitializedFrom > 0 ? this.#storedClusters(index) : 0;
    if (storedClusters === 0) return new Uint8Array(this.#unitSizeBytes);

    const stored = readBytes(this.#clusters, unitStart, storedClusters * this.#extent.clusterSizeBytes);
    const unit =
      storedClusters === this.#unitClusters ? stored.slice() : this.#expand(stored, index, unitStart);
    if (uninitializedFrom < unit.length) unit.fill(0, uninitializedFrom);
    return unit;
  }

  #expand(stored: Uint8Array, index: number, unitStart: number): Uint8Array {
    try {
      return decompressLznt1(stored, this.#unitSizeBytes);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      throw this.#damage(
        "LZNT1",
        `${error.message} (byte ${error.where.offset} of the unit)`,
        index,
        unitStart,
      );
    }
  }

  /** How many clusters of the unit are there; they come before the hole. Clusters past the last run count as hole. */
  #storedClusters(index: number): number {
    const { map } = this.#extent;
    const unitVcn = index * this.#unitClusters;
    const unitEnd = Math.min(unitVcn + this.#unitClusters, map.endVcn);
    let stored = 0;
    let isHoleSeen = false;
    for (let vcn = unitVcn; vcn < unitEnd; ) {
      const { lcn, lengthClusters } = map.find(vcn, unitEnd - vcn);
      if (lcn === HOLE) {
        isHoleSeen = true;
      } else if (isHoleSeen) {
        const message = "clusters follow the hole of a compression unit";
        throw this.#damage("NTFS_RUNLIST", message, index, unitVcn * this.#extent.clusterSizeBytes);
      } else {
        stored += lengthClusters;
      }
      vcn += lengthClusters;
    }
    return stored;
  }

  #damage(code: "LZNT1" | "NTFS_RUNLIST", message: string, index: number, offset: number): VmguestError {
    const where = { path: this.#extent.name, structure: `compression unit ${index}`, offset };
    return new VmguestError(code, message, where);
  }
}
