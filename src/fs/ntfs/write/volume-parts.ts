// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { WritableSource } from "../../../io/index.ts";
import { AttributeSet } from "../attribute.ts";
import { ATTRIBUTE, RECORD } from "../layout.ts";
import type { NtfsVolume } from "../ntfs-volume.ts";
import { BitStore } from "./bit-store.ts";
import { ClusterAllocator } from "./cluster-allocator.ts";
import { ClusterFile, runsOfAttribute } from "./cluster-file.ts";
import { Draft } from "./draft.ts";
import { RecordTable } from "./record-table.ts";
import { scanRuns } from "./run-scan.ts";
import { TearWatch } from "./tear-watch.ts";
import { Workspace } from "./workspace.ts";

/** 2^30 clusters, 4 TiB of the usual ones; the bitmap is held in memory three times. */
const BITMAP_SIZE_MAX = 2 ** 27;

/** Where a volume is on its disk, and where new clusters are best. */
export interface NtfsWriterOptions {
  /**
   * Where the volume begins on its disk, 0 where left out: what a disk writes whole are its own pages, which need not be
   * those of the volume.
   */
  readonly volumeOffset?: number;
  /**
   * Whether a range of the volume is a good place for new clusters: one that the disk image has stored already, so that it
   * need not grow. Other places are taken only where no such range is free.
   */
  readonly prefers?: (offset: number, sizeBytes: number) => boolean;
}

/** What has to be told when an operation is over, or has failed. */
export interface VolumeParts {
  readonly space: Workspace;
  readonly bitmap: BitStore;
}

/** Opens the bitmaps and tables of a volume for changes. Throws NTFS_WRITE_DAMAGED where they cannot be relied on. */
export function openParts(
  volume: NtfsVolume,
  target: WritableSource,
  { prefers, volumeOffset = 0 }: NtfsWriterOptions = {},
): VolumeParts {
  const { geometry, context } = volume;
  const { clusterCount, clusterSizeBytes } = geometry;
  const isPreferred =
    prefers &&
    ((lcn: number, lengthClusters: number) =>
      prefers(lcn * clusterSizeBytes, lengthClusters * clusterSizeBytes));
  const draft = new Draft(target);
  const bitmap = openBitmap(volume, draft);
  // $Bitmap may call clusters free that something uses: those are not taken either.
  const barUsed = () => scanRuns(records, clusterCount, (lcn, count) => bitmap.bar(lcn, count));
  const clusters = new ClusterAllocator(bitmap, clusterCount, barUsed, isPreferred);
  const tears = new TearWatch(volumeOffset);
  const records = new RecordTable({ draft, geometry, context, clusters, tears });
  clusters.mftEnd = records.endLcn;
  return { space: new Workspace({ draft, geometry, context, clusters, records, tears }), bitmap };
}

function openBitmap({ geometry, context }: NtfsVolume, draft: Draft): BitStore {
  const { mft, space } = context;
  const record = mft.record(RECORD.bitmap);
  const { first, sizeBytes } = new AttributeSet(record, mft, space).require(ATTRIBUTE.data);
  if (sizeBytes > BITMAP_SIZE_MAX) {
    throw new VmguestError("LIMIT_EXCEEDED", `a bitmap of ${sizeBytes} bytes is not changed`, {
      path: "$Bitmap",
    });
  }
  const isWhole = !first.isResident && first.flags === 0 && first.sizes.initializedBytes === sizeBytes;
  if (!isWhole || sizeBytes * 8 < geometry.clusterCount) {
    const message = `does not hold the ${geometry.clusterCount} clusters of the volume, plainly stored`;
    throw new VmguestError("NTFS_WRITE_DAMAGED", message, { path: "$Bitmap" });
  }
  const file = new ClusterFile(
    draft,
    geometry.clusterSizeBytes,
    runsOfAttribute(record, mft, space, { type: ATTRIBUTE.data }),
  );
  return new BitStore(file.read(0, sizeBytes), (offset, bytes, phase) => file.write(offset, bytes, phase));
}
