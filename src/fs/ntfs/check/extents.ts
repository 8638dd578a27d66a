// SPDX-License-Identifier: MIT
import type { AttributeRecord } from "../attribute-record.ts";
import { ATTRIBUTE, ATTRIBUTE_FLAGS, AttributeHeader, NonResidentHeader, RECORD } from "../layout.ts";
import { HOLE, type RunList } from "../runs.ts";
import { addAbout } from "./record-form.ts";
import type { VolumeCheck } from "./volume-check.ts";

const COMPRESSED_SIZE_AT = AttributeHeader.sizeBytes + NonResidentHeader.sizeBytes;
const MAY_HAVE_HOLES = ATTRIBUTE_FLAGS.compressionMask | ATTRIBUTE_FLAGS.sparse;
/** Runs over clusters that are taken: each costs a look at all of it, so that a hostile volume must not have many. */
const SHARED_RUNS_MAX = 100;

/** Claims the clusters of every extent of a record, each extent by itself. */
export class ExtentCheck {
  readonly #check: VolumeCheck;
  #sharedCount = 0;

  constructor(check: VolumeCheck) {
    this.#check = check;
  }

  claim(attribute: AttributeRecord): void {
    const check = this.#check;
    const runs = check.attempt(
      () => attribute.decodeRuns(check.context.space.clusterCount),
      attribute.record.recordNumber,
    );
    if (runs === undefined) {
      check.allRunsRead = false;
      return;
    }
    let hasHole = false;
    for (const { lcn, lengthClusters } of runsOf(runs)) {
      if (lcn === HOLE) hasHole = true;
      else this.#claimRun(attribute, lcn, lengthClusters);
    }
    if (hasHole && !mayHaveHoles(attribute)) addAbout(check, "NTFS_HOLE", attribute, "has a hole");
  }

  #claimRun(attribute: AttributeRecord, lcn: number, lengthClusters: number): void {
    const check = this.#check;
    if (this.#sharedCount > SHARED_RUNS_MAX) return;
    const shared = check.clusters.claim(lcn, lengthClusters);
    if (shared !== undefined) {
      this.#countShared();
      const message = `clusters ${shared.first} to ${shared.end - 1} are used by another attribute too`;
      addAbout(check, "NTFS_CLUSTERS_SHARED", attribute, message);
    }
    const free = check.clusters.findFree(lcn, lengthClusters);
    if (free === undefined) return;
    const message = `uses clusters ${free.first} to ${free.end - 1}, which are marked free`;
    addAbout(check, "NTFS_CLUSTERS_FREE", attribute, message);
  }

  /** From the limit on, clusters are no longer compared, and what is left cannot be called lost. */
  #countShared(): void {
    if (++this.#sharedCount <= SHARED_RUNS_MAX) return;
    const message = `more than ${SHARED_RUNS_MAX} runs lie over others; the clusters of further ones are not compared`;
    this.#check.add("LIMIT_EXCEEDED", message, { path: "$Bitmap" });
    this.#check.allRunsRead = false;
  }
}

function* runsOf({ runCount, vcns, lcns }: RunList): Generator<{ lcn: number; lengthClusters: number }> {
  for (let run = 0; run < runCount; run++) {
    yield { lcn: lcns[run] ?? HOLE, lengthClusters: (vcns[run + 1] ?? 0) - (vcns[run] ?? 0) };
  }
}

/** $BadClus:$Bad is one hole as large as the volume, but for the bad clusters. Extents behind the first carry no flags that count. */
function mayHaveHoles({ flags, lowestVcn, record, type, name }: AttributeRecord): boolean {
  const isBad = record.recordNumber === RECORD.badClusters && type === ATTRIBUTE.data && name === "$Bad";
  return isBad || lowestVcn !== 0 || (flags & MAY_HAVE_HOLES) !== 0;
}

/** The extents of one attribute, in order, against each other and against its sizes. */
export function checkExtents(check: VolumeCheck, extents: readonly AttributeRecord[]): void {
  const [first] = extents;
  if (first === undefined || first.isResident) return;
  const sizes = check.attempt(() => first.sizes, first.record.recordNumber);
  let vcn = 0;
  for (const extent of extents) {
    if (extent.isResident || extent.lowestVcn !== vcn) {
      addAbout(check, "NTFS_EXTENTS", extent, `begins at VCN ${extent.lowestVcn} where ${vcn} is expected`);
      return;
    }
    vcn = extent.endVcn;
  }
  const { clusterSizeBytes } = check.context.space;
  const hasCompressedSize = (first.flags & MAY_HAVE_HOLES) !== 0;
  const isAllocatedRight = sizes === undefined || sizes.allocatedBytes === vcn * clusterSizeBytes;
  if (isAllocatedRight && !hasCompressedSize) return;
  const usedClusters = countClusters(check, extents);
  if (usedClusters === undefined) return;
  if (!isAllocatedRight) {
    const message = `maps ${vcn * clusterSizeBytes} bytes, but says ${sizes.allocatedBytes} are allocated`;
    addAbout(check, "NTFS_ALLOCATED_SIZE", first, message);
  }
  if (hasCompressedSize) checkCompressedSize(check, first, usedClusters * clusterSizeBytes);
}

/** Clusters on the volume, without holes; undefined where runs cannot be read, which was reported with their record. */
function countClusters(check: VolumeCheck, extents: readonly AttributeRecord[]): number | undefined {
  return check.quietly(undefined, () => {
    let clusters = 0;
    for (const extent of extents) {
      for (const { lcn, lengthClusters } of runsOf(extent.decodeRuns(check.context.space.clusterCount))) {
        if (lcn !== HOLE) clusters += lengthClusters;
      }
    }
    return clusters;
  });
}

/** Compressed and sparse attributes have one field more: the bytes they take on disk. */
function checkCompressedSize(check: VolumeCheck, first: AttributeRecord, usedBytes: number): void {
  const { view } = first;
  const { runsOffset } = new NonResidentHeader(view, AttributeHeader.sizeBytes);
  if (runsOffset < COMPRESSED_SIZE_AT + 8 || COMPRESSED_SIZE_AT + 8 > view.byteLength) {
    addAbout(check, "NTFS_COMPRESSED_SIZE", first, "has no field for its size on disk");
    return;
  }
  const stored = view.getBigUint64(COMPRESSED_SIZE_AT, true);
  if (stored === BigInt(usedBytes)) return;
  addAbout(check, "NTFS_COMPRESSED_SIZE", first, `takes ${usedBytes} bytes on disk, but says ${stored}`);
}
