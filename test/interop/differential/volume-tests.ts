// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDisk } from "../../../src/disk/index.ts";
import { FileSource } from "../../../src/io/index.ts";
import { readVolumes } from "../../../src/volume/index.ts";
import { buildImage } from "./build.ts";
import { DISK_PEERS, extentsOf, firstDifference, PARTITION_PEERS } from "./disk-peers.ts";
import { FILE_SYSTEM_PEERS } from "./file-system-peers.ts";
import type { VolumePlan } from "./plan.ts";
import { Random } from "./random.ts";
import { readRows } from "./rows.ts";

/** The peers take turns: each image meets one that unpacks it, one that lists its partitions, two that read its files. */
function peersOf(plan: VolumePlan) {
  const { seed } = plan;
  const able = Object.values(FILE_SYSTEM_PEERS).filter(({ reads }) => reads(plan));
  const turn = Math.floor(seed / 4);
  return {
    disk: turn % 2 === 0 ? ("QEMU" as const) : ("libvhdi" as const),
    partitions: turn % 3 === 0 ? ("mmls" as const) : ("sfdisk" as const),
    readers: [able[turn % able.length], able[(turn + 1 + (seed % 2)) % able.length]].filter(
      (peer) => peer !== undefined,
    ),
  };
}

/** Declares a test for each plan: what other programs made of it is read as other programs read it. */
export function testVolumes(plans: readonly VolumePlan[]): void {
  const folder = mkdtempSync(join(tmpdir(), "vmguest-volumes-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(plans)("volume $title", (plan) => {
    const built = buildImage(folder, plan);
    const peers = peersOf(plan);
    using file = FileSource.open(built.image);
    using original = FileSource.open(built.volume);
    const disk = openDisk(file);
    expect(disk.findings).toEqual([]);
    const unpacked = DISK_PEERS[peers.disk](built, (raw) => {
      using theirs = FileSource.open(raw);
      const partitions = plan.table === "none" ? undefined : PARTITION_PEERS[peers.partitions](raw);
      return { difference: firstDifference(disk, theirs), partitions };
    });
    expect(unpacked.difference).toBeUndefined();

    const layout = readVolumes(disk);
    expect(layout).toMatchObject({ table: plan.table.replace("-logical", ""), findings: [] });
    if (plan.table !== "none") expect(extentsOf(layout.volumes)).toEqual(unpacked.partitions);
    const ntfs = layout.volumes.find(({ content }) => content === "ntfs") ?? expect.fail("no NTFS volume");
    expect(firstDifference(ntfs.source, original)).toBeUndefined();

    const { volume, rows } = readRows(ntfs.source);
    expect(volume.label).toBe(`Größe ${plan.seed}`);
    expect(volume.geometry).toMatchObject({
      clusterSizeBytes: plan.clusterSizeBytes,
      sectorSizeBytes: plan.sectorSizeBytes,
    });
    expect(rows.length).toBeGreaterThan(10);
    for (const peer of peers.readers) {
      const { ours, theirs } = peer.compare(built.volume, rows, new Random(plan.seed));
      expect([...ours].sort()).toEqual([...theirs].sort());
    }
    expect(volume.findings).toEqual([]);
    rmSync(built.image);
    rmSync(built.volume);
  });
}
