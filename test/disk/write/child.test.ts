// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { checkContainer } from "../../../src/disk/check/index.ts";
import { openDisk } from "../../../src/disk/index.ts";
import { VhdFooter } from "../../../src/disk/vhd/layout.ts";
import { MIB } from "../../../src/disk/vhdx/layout.ts";
import { readMetadata } from "../../../src/disk/vhdx/metadata.ts";
import { readRegions } from "../../../src/disk/vhdx/region-table.ts";
import { planChild, planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { VhdImage } from "../../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage, VhdxLog } from "../../lab/vhdx.ts";
import { parentsIn } from "../parent-map.ts";
import { applySteps, countingGuids, expectSound, PAGE, phasesOf, statesOf } from "./cuts.ts";

const SIZE = 5 * MIB + 1536;
const blocks = new Map([0, 2].map((block) => [block, new Uint8Array(MIB).fill(0x40 + block)]));
const NEW = new MemorySource(new Uint8Array(0));
const paths = { relativePath: ".\\base.x", absolutePath: "D:\\VMs\\base.x" };
const options = () => ({ newGuid: countingGuids(), now: Date.UTC(2024, 0, 2), ...paths });

const parents: { what: string; make: () => ByteSource; identity: string }[] = [
  {
    what: "a dynamic VHDX",
    make: () => new VhdxImage({ virtualSizeBytes: SIZE, blocks }),
    identity: DATA_WRITE_GUID,
  },
  {
    what: "a fixed VHDX with sectors of 4096 bytes",
    make: () =>
      new VhdxImage({ virtualSizeBytes: 4 * MIB, logicalSectorSizeBytes: 4096, isFixed: true, blocks }),
    identity: DATA_WRITE_GUID,
  },
  {
    what: "a dynamic VHD",
    make: () =>
      new MemorySource(
        new VhdImage({ virtualSizeBytes: SIZE, blockSizeBytes: MIB, blocks, identity: 5 }).bytes,
      ),
    identity: "05050505-0505-0505-0505-050505050505",
  },
  {
    what: "a fixed VHD",
    make: () =>
      new MemorySource(
        new VhdImage({
          virtualSizeBytes: SIZE,
          diskType: 2,
          content: new Uint8Array(SIZE).fill(3),
          identity: 5,
        }).bytes,
      ),
    identity: "05050505-0505-0505-0505-050505050505",
  },
];

describe.each(parents)("a child of $what", ({ make, identity }) => {
  const parent = make();
  const resolveParent = parentsIn({ "base.x": parent });
  const { file, steps, sizeBytes } = planChild(parent, options());
  const ofParent = openDisk(parent);

  test("shows the disk of its parent", () => {
    const written = applySteps(NEW, steps);
    expect(written.sizeBytes).toBe(sizeBytes);
    const known = [...checkContainer(parent)].map(({ code }) => code);
    expect(known).toEqual(expect.arrayContaining([...checkContainer(written)].map(({ code }) => code)));
    const disk = openDisk(written, { resolveParent });
    const { format, sizeBytes: diskSize, logicalSectorSizeBytes } = ofParent;
    expect(disk).toMatchObject({ format, kind: "differencing", sizeBytes: diskSize, logicalSectorSizeBytes });
    expect(Buffer.compare(readBytes(disk, 0, diskSize), readBytes(ofParent, 0, diskSize))).toBe(0);
  });

  test("names its parent as Windows does, and has an identity of its own", () => {
    const [link] = openDisk(file, { resolveParent }).chain;
    expect(link?.parent?.identities).toEqual([identity]);
    const names = [".\\base.x", "D:\\VMs\\base.x"];
    // A VHD has the path in its header, too.
    expect([...new Set(link?.parent?.names)]).toEqual(names);
    expect(link?.identity).toMatch(/-8000-00000000000[12]$/);
  });

  test("takes the changes, and the parent stays as it was", () => {
    const before = readBytes(parent, 0, parent.sizeBytes).slice();
    const phases = phasesOf([[0, 300], [300, 1], [700]]);
    const made = planDiskWrites(file, openDisk(file, { resolveParent }), phases, {
      newGuid: countingGuids(),
    });
    expect(made.findings).toEqual([]);
    expectSound(file, phases, made, { resolveParent });
    const after = openDisk(applySteps(applySteps(NEW, steps), made.steps), { resolveParent });
    const [, , , expected = new Uint8Array(0)] = statesOf(readBytes(ofParent, 0, ofParent.sizeBytes), phases);
    expect(Buffer.compare(readBytes(after, 0, after.sizeBytes), expected)).toBe(0);
    expect(Buffer.compare(readBytes(parent, 0, parent.sizeBytes), before)).toBe(0);
    expect(made.steps.flat().every(({ offset }) => offset % PAGE === 0)).toBe(true);
  });
});

test("a child of a VHD knows when its parent was written to, and notices when that was at another time", () => {
  const parent = new MemorySource(
    new VhdImage({ virtualSizeBytes: SIZE, blockSizeBytes: MIB, blocks, identity: 5 }).bytes,
  );
  const parentModifiedMs = Date.UTC(2021, 5, 7, 8, 9, 10, 987);
  const openWith = (more: object, modifiedMs: number) => {
    const { file } = planChild(parent, { ...options(), ...more });
    const found = [{ name: "base.x", isGuess: false, source: parent, modifiedMs }];
    const { chain, findings } = openDisk(file, { resolveParent: () => found });
    return { modifiedSeconds: chain[0]?.parent?.modifiedSeconds, codes: findings.map(({ code }) => code) };
  };
  const modifiedSeconds = Math.floor(parentModifiedMs / 1000);
  expect(openWith({ parentModifiedMs }, parentModifiedMs)).toEqual({ modifiedSeconds, codes: [] });
  expect(openWith({ parentModifiedMs }, parentModifiedMs + 10_000)).toEqual({
    modifiedSeconds,
    codes: ["VHD_PARENT_TIMESTAMP"],
  });
  expect(openWith({}, parentModifiedMs)).toEqual({ modifiedSeconds: undefined, codes: [] });
});

test("a child of a child has both below it", () => {
  const base = new VhdxImage({ virtualSizeBytes: SIZE, blocks });
  const middle = planChild(base, options()).file;
  const leaf = planChild(middle, {
    ...options(),
    relativePath: ".\\middle.x",
    newGuid: countingGuids(),
  }).file;
  const disk = openDisk(leaf, { resolveParent: parentsIn({ "base.x": base, "middle.x": middle }) });
  expect(disk.chain).toHaveLength(3);
  expect(disk.read(2 * MIB, 1).getUint8(0)).toBe(0x42);
});

test("a VHDX child keeps what the guest knows the disk by", () => {
  const parent = new VhdxImage({ virtualSizeBytes: SIZE });
  const metadataOf = (file: ByteSource) => readMetadata(file, readRegions(file).regions.metadata);
  const { virtualDiskId, physicalSectorSizeBytes } = metadataOf(parent);
  const child = metadataOf(planChild(parent, options()).file);
  expect(child).toMatchObject({ virtualDiskId, physicalSectorSizeBytes, blockSizeBytes: 2 * MIB });
});

test("a VHD child is dated, and keeps the geometry of its parent", () => {
  const parent = new VhdImage({ virtualSizeBytes: SIZE }).editFooters((footer) => {
    Object.assign(footer, { cylinders: 11, heads: 12, sectorsPerTrack: 13 });
  });
  const { file, sizeBytes } = planChild(new MemorySource(parent.bytes), options());
  const footer = new VhdFooter(file.read(sizeBytes - VhdFooter.sizeBytes, VhdFooter.sizeBytes));
  const seconds = (Date.UTC(2024, 0, 2) - Date.UTC(2000, 0, 1)) / 1000;
  expect(footer).toMatchObject({
    timestamp: seconds,
    cylinders: 11,
    heads: 12,
    sectorsPerTrack: 13,
    diskType: 4,
  });
});

describe("no child is made", () => {
  const vhdx = () => new VhdxImage({ virtualSizeBytes: SIZE, blocks });
  const pending = () => {
    const image = vhdx();
    const log = new VhdxLog(image.sizeBytes);
    log.append([{ at: image.batOffset + MIB, data: new Uint8Array(PAGE) }]);
    return image.setLog(log);
  };

  test.each<{ what: string; parent: ByteSource; code: string; more?: object }>([
    { what: "over a raw disk", parent: new MemorySource(new Uint8Array(MIB)), code: "DISK_CHILD_PARENT" },
    { what: "over a VHDX that was not closed", parent: pending(), code: "DISK_CHILD_PARENT" },
    { what: "with an empty path", parent: vhdx(), code: "DISK_CHILD_PATH", more: { relativePath: "" } },
    {
      what: "with a path of 2048 characters",
      parent: vhdx(),
      code: "DISK_CHILD_PATH",
      more: { absolutePath: "x".repeat(2048) },
    },
    {
      what: "with a path of two lines",
      parent: vhdx(),
      code: "DISK_CHILD_PATH",
      more: { relativePath: ".\\a\nb" },
    },
  ])("$what", ({ parent, code, more = {} }) => {
    expect(() => planChild(parent, { ...options(), ...more })).toThrow(expect.objectContaining({ code }));
  });
});
