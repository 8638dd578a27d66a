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
import { Workspace } from "./workspace.ts";

/** One bit for each cluster: 2^32 clusters are the most that Windows formats. */
const BITMAP_SIZE_MAX = 2 ** 29;

/** What has to be told when an operation is over, or has failed. */
export interface VolumeParts {
  readonly space: Workspace;
  readonly bitmap: BitStore;
}

/** Opens the bitmaps and tables of a volume for changes. Throws NTFS_WRITE_DAMAGED where they cannot be relied on. */
export function openParts(volume: NtfsVolume, target: WritableSource): VolumeParts {
  const { geometry, context } = volume;
  const { clusterCount } = geometry;
  const draft = new Draft(target);
  const bitmap = openBitmap(volume, draft);
  const clusters = new ClusterAllocator(bitmap, clusterCount, () =>
    // $Bitmap may call clusters free that something uses: those are not taken either.
    scanRuns(records, clusterCount, (lcn, lengthClusters) => bitmap.bar(lcn, lengthClusters)),
  );
  const records = new RecordTable({ draft, geometry, context, clusters });
  clusters.mftEnd = records.endLcn;
  return { space: new Workspace({ draft, geometry, context, clusters, records }), bitmap };
}

function openBitmap({ geometry, context }: NtfsVolume, draft: Draft): BitStore {
  const { mft, space } = context;
  const record = mft.record(RECORD.bitmap);
  const { first, sizeBytes } = new AttributeSet(record, mft, space).require(ATTRIBUTE.data);
  const isWhole = !first.isResident && first.flags === 0 && first.sizes.initializedBytes === sizeBytes;
  if (!isWhole || sizeBytes > BITMAP_SIZE_MAX || sizeBytes * 8 < geometry.clusterCount) {
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
