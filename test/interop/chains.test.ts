// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditImage, openImage } from "../../src/audit/index.ts";
import { openDisk } from "../../src/disk/index.ts";
import { type ByteSource, FileSource, ParentFolders, readBytes } from "../../src/io/index.ts";
import {
  type Build,
  buildVhd,
  buildVhdx,
  flatten,
  type Geometry,
  type LayerPlan,
  plansOf,
} from "../lab/vhd-chains.ts";
import { type BuiltGuest, buildGuest } from "./guests/builder.ts";

const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-chains-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The disk of a chain as libvhdi mounts it: it finds the parents by itself and shows the base first, the image last. */
function withMounted<T>(image: string, fileCount: number, work: (disk: FileSource) => T): T {
  const mount = mkdtempSync(join(folder, "mount-"));
  execFileSync("vhdimount", [image, mount], { stdio: "pipe" });
  try {
    expect(readdirSync(mount).length).toBe(fileCount);
    using disk = FileSource.open(join(mount, `vhdi${fileCount}`));
    return work(disk);
  } finally {
    execFileSync("umount", [mount]);
  }
}

/** First byte at which two disks differ, or undefined. */
function firstDifference(left: ByteSource, right: ByteSource): number | undefined {
  if (left.sizeBytes !== right.sizeBytes) return Math.min(left.sizeBytes, right.sizeBytes);
  for (let offset = 0; offset < left.sizeBytes; offset += MIB) {
    const length = Math.min(MIB, left.sizeBytes - offset);
    const [ours, theirs] = [readBytes(left, offset, length), readBytes(right, offset, length)];
    if (Buffer.compare(ours, theirs) !== 0) return offset + ours.findIndex((byte, at) => byte !== theirs[at]);
  }
  return undefined;
}

/** Whole blocks, and as many in every layer: libvhdi wants child and parent of the same size. */
function sameSize(plans: readonly LayerPlan[], { blockSizeBytes }: Geometry): LayerPlan[] {
  const count = Math.max(...plans.map(({ blocks }) => blocks.length));
  return plans.map(({ blocks }) => ({
    blocks: [...blocks, ...Array.from({ length: count - blocks.length }, () => "none" as const)],
    sizeBytes: count * blockSizeBytes,
  }));
}

/**
 * The same with every sector eight times: of a VHD, libvhdi 20210425 takes all eight sectors of a bitmap's byte from the
 * child as soon as one of them is the child's. Windows 10 writes eight at a time.
 */
function inEights(plans: readonly LayerPlan[]): LayerPlan[] {
  return plans.map((plan) => ({
    ...plan,
    blocks: plan.blocks.map((block) =>
      typeof block === "object" && "bits" in block
        ? { bits: block.bits.flatMap((bit) => Array.from({ length: 8 }, () => bit)) }
        : block,
    ),
  }));
}

describe.each<{ what: string; build: Build; geometry: Geometry; blockCountMax: number }>([
  {
    what: "VHDX",
    build: buildVhdx,
    geometry: { blockSizeBytes: MIB, sectorSizeBytes: 512 },
    blockCountMax: 4,
  },
  {
    what: "VHD",
    build: buildVhd,
    geometry: { blockSizeBytes: 512 * 1024, sectorSizeBytes: 512 },
    blockCountMax: 6,
  },
])("a chain of $what files that the lab wrote", ({ what, build, geometry, blockCountMax }) => {
  // States that hide the parent are left out: libvhdi reads some of them as the parent.
  const drawn = fc.sample(plansOf(geometry, blockCountMax, false), { numRuns: 6, seed: 20 });

  test.each(drawn.map((plans, index) => ({ index, depth: plans.length, plans })))(
    "is read as libvhdi reads it: number $index, of $depth files",
    ({ index, plans }) => {
      const path = join(folder, `${what}-${index}`);
      mkdirSync(path);
      const alike = sameSize(build === buildVhd ? inEights(plans) : plans, geometry);
      alike.forEach((plan, depth) => {
        const file = build(plan, depth, depth < alike.length - 1, geometry);
        writeFileSync(join(path, `${depth}.x`), readBytes(file, 0, file.sizeBytes));
      });
      const image = join(path, "0.x");
      using file = FileSource.open(image);
      using parents = new ParentFolders(file);
      const disk = openDisk(file, { resolveParent: (names, child) => parents.find(names, child) });
      expect(disk.chain.length).toBe(alike.length);
      expect(withMounted(image, alike.length, (theirs) => firstDifference(disk, theirs))).toBeUndefined();
      expect(Buffer.compare(readBytes(disk, 0, disk.sizeBytes), flatten(alike, geometry))).toBe(0);
    },
  );
});

describe("a guest whose checkpoint has a newer version than its base", () => {
  let guest: BuiltGuest;
  const args = ["--os", "ws2012r2", "--format", "vhdx-diff", "--virtual-size", "160M", "--files", "10"];
  beforeAll(async () => {
    guest = await buildGuest(folder, 0, { name: "checkpoint", args });
  });

  test("is audited as the checkpoint has it, and its base as the base has it", () => {
    const { image, truth } = guest;
    const base = image.replace(".vhdx", "-base.vhdx");
    const [ofLeaf, ofBase] = [image, base].map((path) => auditImage(path, { host: "ws2012r2" }));
    expect(ofLeaf?.error).toBeNull();
    expect(ofLeaf?.container).toMatchObject({
      format: "vhdx",
      kind: "differencing",
      chain: [image, base],
      dataWriteGuid: truth.vhdx?.dataWriteGuid ?? expect.any(String),
      virtualSize: truth.virtualSize,
    });
    const recorded = truth.registry.recordedVersion;
    expect(recorded).not.toBeNull();
    const versionsOf = (report: typeof ofLeaf) =>
      report?.guests[0]?.integrationServices.evidence
        .filter(({ source }) => source === "recorded")
        .map(({ value }) => value);
    expect(versionsOf(ofLeaf)).toEqual([recorded]);
    expect(versionsOf(ofBase)).not.toContain(recorded);
    expect(ofBase?.container?.chain).toEqual([base]);
  });

  test("has the files of both", () => {
    using opened = openImage(guest.image);
    const [{ volume } = expect.fail("no Windows")] = opened.windows();
    const fileSystem = opened.fileSystem(volume.index);
    for (const path of ["child-only.txt", "Windows/System32/config/SOFTWARE"]) {
      expect(fileSystem.require(path).open().sizeBytes).toBe(guest.truth.fileList[path]?.size);
    }
  });

  test("is read byte for byte as libvhdi reads it", () => {
    using opened = openImage(guest.image);
    expect(withMounted(guest.image, 2, (theirs) => firstDifference(opened.disk, theirs))).toBeUndefined();
  });
});
