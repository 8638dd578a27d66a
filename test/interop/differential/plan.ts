// SPDX-License-Identifier: MIT
import { Random } from "./random.ts";
import { MIB } from "./tools.ts";

export type Feature =
  | "fragments"
  | "compressed"
  | "sparse"
  | "wide"
  | "deep"
  | "names"
  | "streams"
  | "links"
  | "holes"
  | "deleted"
  | "large";

export const TABLES = ["none", "gpt", "mbr", "mbr-logical"] as const;
export const CONTAINERS = [
  "vhdx-dynamic-1",
  "vhd-dynamic",
  "vhdx-dynamic-8",
  "raw",
  "vhdx-fixed-1",
  "vhd-fixed",
  "vhdx-dynamic-32",
  "vhdx-fixed-16",
  "vhdx-dynamic-256",
] as const;

/** All that a volume and the disk around it are made from; everything in it follows from its number. */
export interface VolumePlan {
  readonly seed: number;
  readonly sizeBytes: number;
  readonly clusterSizeBytes: number;
  readonly sectorSizeBytes: 512 | 4096;
  readonly table: (typeof TABLES)[number];
  readonly container: (typeof CONTAINERS)[number];
  readonly features: readonly Feature[];
  readonly title: string;
}

const CLUSTER_SIZES = [512, 1024, 2048, 4096, 4096, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 1_048_576];

/** ntfs-3g compresses, like Windows, only where clusters are no larger than this. */
const COMPRESSION_CLUSTER_MAX = 4096;

const FEATURES: readonly [Feature, percent: number][] = [
  ["fragments", 40],
  ["sparse", 40],
  ["names", 40],
  ["streams", 40],
  ["links", 40],
  ["deleted", 30],
  ["holes", 8],
  ["deep", 20],
  ["wide", 8],
  ["large", 10],
];

/** The smallest volume on which mkntfs finds room for its own files and leaves some for ours. */
const minimumSizeOf = (clusterSizeBytes: number) =>
  clusterSizeBytes <= 4096 ? 2 * MIB : Math.max(8 * MIB, 160 * clusterSizeBytes);

/** The plan of volume number `seed`. Sizes, clusters, tables and containers take turns; the rest is drawn. */
export function planVolume(seed: number): VolumePlan {
  const random = new Random(seed);
  const clusterSizeBytes = CLUSTER_SIZES[seed % CLUSTER_SIZES.length] as number;
  const isNative = clusterSizeBytes >= 4096 && random.chance(25);
  const minimum = minimumSizeOf(clusterSizeBytes);
  const extra =
    random.pick([0, random.below(6), random.below(12), 10 + random.below(30), 40 + random.below(150)]) * MIB;
  const ending = random.chance(30) ? random.below(200) * 4096 : 0;
  const sizeBytes = minimum + extra + ending;
  const features = FEATURES.filter(([, percent]) => random.chance(percent)).map(([feature]) => feature);
  if (clusterSizeBytes <= COMPRESSION_CLUSTER_MAX && random.chance(60)) features.push("compressed");
  const table = TABLES[seed % TABLES.length] as VolumePlan["table"];
  const container = CONTAINERS[seed % CONTAINERS.length] as VolumePlan["container"];
  const mib = (sizeBytes / MIB).toFixed(1);
  return {
    seed,
    sizeBytes,
    clusterSizeBytes,
    sectorSizeBytes: isNative ? 4096 : 512,
    table,
    container,
    features,
    title: `${seed}: ${mib} MiB, clusters ${clusterSizeBytes}, ${table} in ${container}, ${features.join(" ") || "plain"}`,
  };
}

const VOLUME_COUNT = 88;

export const VOLUME_PLANS = Array.from({ length: VOLUME_COUNT }, (_, seed) => planVolume(seed));
