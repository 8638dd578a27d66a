import { basename } from "node:path";
import { expect, test } from "vitest";
import { checkPreconditions } from "../../../src/staging/preconditions/index.ts";
import { CONTAINERS, layGpt } from "../../lab/guest-image.ts";
import { vhdOf } from "../../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage, VhdxLog, vhdxOf } from "../../lab/vhdx.ts";
import { FakeFolder } from "./fake-folder.ts";
import { imageOf, outcomeOf, targetIn, targetOf, volumeOf, WISH } from "./targets.ts";

const OTHER = "11111111-2222-3333-4444-555555555555";
const disk = layGpt([volumeOf()]);

const child = new VhdxImage({
  virtualSizeBytes: 4 * 1024 * 1024,
  dataWriteGuid: OTHER,
  parent: {
    parent_linkage: `{${DATA_WRITE_GUID}}`,
    relative_path: ".\\x.vhdx",
    absolute_win32_path: "C:\\x.vhdx",
  },
}).toBytes();
const SURROUNDED = new FakeFolder("web01.vhdx", {
  "web01.avhdx": child,
  "282874FC-59D6-4F30-BC04-5FDD909C82E0.vsv": 1,
  "web01.vhdx.rct": 1,
});

test.each(Object.keys(CONTAINERS) as (keyof typeof CONTAINERS)[])(
  "a guest in a %s has nothing in its way",
  (container) => {
    const target = targetIn(imageOf(CONTAINERS[container](disk)));
    expect(outcomeOf(target, { hostFolder: new FakeFolder("image") })).toEqual({
      refusals: [],
      warnings: [],
    });
  },
);

test("a VHD that belongs to a saved state is refused", () => {
  const image = vhdOf(disk).editFooters((footer) => {
    footer.savedState = 1;
  });
  expect(outcomeOf(targetIn(imageOf(image.bytes)))).toEqual({ refusals: ["VHD_SAVED_STATE"], warnings: [] });
});

test("a file with damage that a writer would build upon is refused", () => {
  const image = vhdOf(disk);
  image.bytes[image.footerOffset + 90]! ^= 0xff;
  expect(outcomeOf(targetIn(imageOf(image.bytes)))).toEqual({
    refusals: ["DISK_WRITE_DAMAGED"],
    warnings: [],
  });
});

test("what is around the image refuses and warns, all at once", () => {
  const target = targetIn(imageOf(CONTAINERS.vhdx(disk)));
  expect(outcomeOf(target, { hostFolder: SURROUNDED })).toEqual({
    refusals: ["STAGE_HAS_CHILDREN", "STAGE_SAVED_STATE"],
    warnings: ["STAGE_CHANGE_TRACKING"],
  });
});

test.each(["copy", "child"] as const)(
  "a %s of the image does not change it, so that nothing around it matters",
  (kind) => {
    const wish = { ...WISH, hostFolder: SURROUNDED, target: kind };
    const { refusals, warnings } = checkPreconditions(targetOf(), wish);
    expect(refusals).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(["STAGE_SPACE"]);
  },
);

test("a VHDX that was not closed has nothing in its way", () => {
  const image = vhdxOf(disk);
  const log = new VhdxLog(image.sizeBytes);
  log.append([]);
  const target = targetIn(imageOf(image.setLog(log).toBytes()));
  expect(outcomeOf(target)).toEqual({ refusals: [], warnings: [] });
});

test.each([
  { allowed: [], refusals: ["STAGE_DIFFERENCING"], warnings: [] },
  { allowed: ["STAGE_DIFFERENCING"], refusals: [], warnings: ["STAGE_DIFFERENCING"] },
] as const)("a checkpoint is written to only where $allowed is allowed", ({ allowed, ...outcome }) => {
  const base = imageOf(vhdxOf(disk).toBytes());
  const parent = {
    parent_linkage: `{${DATA_WRITE_GUID}}`,
    relative_path: `.\\${basename(base.path)}`,
    absolute_win32_path: "C:\\none.vhdx",
  };
  const leaf = new VhdxImage({ virtualSizeBytes: disk.length, dataWriteGuid: OTHER, parent });
  const wish = { allowed: new Set([...WISH.allowed, ...allowed]), hostFolder: new FakeFolder("leaf.avhdx") };
  expect(outcomeOf(targetIn(imageOf(leaf.toBytes())), wish)).toEqual(outcome);
});
