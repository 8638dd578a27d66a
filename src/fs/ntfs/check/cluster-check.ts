// SPDX-License-Identifier: MIT
import { readBytes } from "../../../io/index.ts";
import type { VolumeCheck } from "./volume-check.ts";

const WHERE = { path: "$Bitmap", structure: "bitmap of clusters" };

/** $Bitmap must have a bit for every cluster; Windows sets those that are left over. */
export function checkBitmapSize(check: VolumeCheck): void {
  const { bitmap } = check;
  const { clusterCount } = check.geometry;
  if (bitmap === undefined) return;
  const neededBytes = Math.ceil(clusterCount / 8);
  if (bitmap.sizeBytes < neededBytes) {
    const message = `has ${bitmap.sizeBytes} bytes, where ${clusterCount} clusters need ${neededBytes}`;
    check.add("NTFS_BITMAP_SIZE", message, WHERE);
    return;
  }
  const firstByte = Math.floor(clusterCount / 8);
  // It is rounded up to 8 bytes; where there is more, those bits are not looked at.
  const tail = check.quietly(new Uint8Array(0), () =>
    readBytes(bitmap, firstByte, Math.min(8, bitmap.sizeBytes - firstByte)),
  );
  const firstMask = 0xff << (clusterCount % 8);
  const isSet = tail.every((byte, index) => {
    const mask = index === 0 ? firstMask & 0xff : 0xff;
    return (byte & mask) === mask;
  });
  if (!isSet) check.add("NTFS_BITMAP_TAIL", "bits past the last cluster are not set", WHERE);
}

/** Clusters that are marked used for nothing. Where runs could not be read, theirs would be among them. */
export function reportLost(check: VolumeCheck): void {
  if (!check.allRunsRead) return;
  for (const { first, end } of check.clusters.lost()) {
    check.add(
      "NTFS_CLUSTERS_LOST",
      `clusters ${first} to ${end - 1} are marked used, but nothing uses them`,
      {
        ...WHERE,
        offset: Math.floor(first / 8),
      },
    );
  }
}
