import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { editServices, planStaging, rollbackImage, stageImage } from "../../src/staging/index.ts";
import { FIXTURES } from "../support/fixtures.ts";
import { run } from "./differential/tools.ts";
import { auditOnly, changeOptions, NOW_TEXT, packageFile, stagingOf } from "./staging/changes.ts";
import type { Unpacker } from "./staging/containers.ts";
import { expectOnlyPlannedChanges, expectPlannedFiles, expectTrigger } from "./staging/expectations.ts";
import { GuestQueue } from "./staging/guest-queue.ts";
import type { StagedGuest } from "./staging/guests.ts";
import { digestOfFile, guestPartition, withVolume } from "./staging/volume-view.ts";

// Changes that go to a new disk, or are no staging, and what they leave alone.

const SERVER: StagedGuest = { args: "ws2008r2", container: "vhdx-dynamic" };
const FIXED: StagedGuest = { args: "ws2012r2 --block-size 1M", container: "vhdx-fixed" };
const CLIENT: StagedGuest = { args: "win7 --arch x86 --partition mbr", container: "vhd-dynamic" };
const RAW: StagedGuest = { args: "win8 --partition none", container: "raw" };
const PARTITIONED: readonly StagedGuest[] = [
  { args: "win81 --partition gpt-full --virtual-size 512M", container: "vhdx-dynamic" },
  { args: "win7 --partition gpt-full --virtual-size 512M", container: "vhd-dynamic" },
];

const folder = mkdtempSync(join(tmpdir(), "vmguest-staging-targets-"));
const queue = new GuestQueue(folder, [SERVER, CLIENT, FIXED, RAW, ...PARTITIONED]);
afterAll(async () => {
  await queue.end();
  rmSync(folder, { recursive: true, force: true });
});

const TOOL = { toolVersion: "0.0.0" };

describe("a new disk has the staging, and the image stays as it is:", () => {
  const targets: readonly (readonly [StagedGuest, "child" | "copy", string, Unpacker])[] = [
    // 7-Zip finds the parent by the relative path, of a VHD libvhdi does.
    [SERVER, "child", "child.avhdx", "7-Zip"],
    [FIXED, "child", "child.avhdx", "7-Zip"],
    [CLIENT, "child", "child.avhd", "libvhdi"],
    [SERVER, "copy", "copy.vhdx", "QEMU"],
    [FIXED, "copy", "copy.vhdx", "QEMU"],
    [CLIENT, "copy", "copy.vhd", "QEMU"],
    [RAW, "copy", "copy.raw", "QEMU"],
  ];

  test.each(targets.map(([guest, kind, name, unpacker]) => ({ ...guest, guest, kind, name, unpacker })))(
    "$name of $args, $container",
    async ({ guest, kind, name, unpacker }) => {
      const { image, truth } = await queue.take(guest);
      const target = { kind, path: join(dirname(image), name) };
      const options = { ...stagingOf(guest), target };
      const original = digestOfFile(image);
      const before = withVolume(image, truth, "QEMU", (view) => view);
      const plan = planStaging(image, options);
      expect(stageImage(image, options)).toMatchObject({
        outcome: "staged",
        target,
        undoFile: null,
        error: null,
      });
      try {
        expect(digestOfFile(image)).toBe(original);
        expect(existsSync(`${image}.vmguest-undo`)).toBe(false);
        expect(auditOnly(target.path)).toMatchObject({ staging: { state: "staged" } });
        withVolume(target.path, truth, unpacker, (after) => {
          expect(after.checks).toEqual(before.checks);
          expectPlannedFiles(after, before, { plan, options, truth, time: NOW_TEXT });
          expectOnlyPlannedChanges(after, before, { plan, truth });
          expectTrigger(after, "setup-mode");
        });
        if (name === "copy.vhdx") {
          expect(run("qemu-img", "check", "-f", "vhdx", target.path)).toContain("No errors were found");
        }
        if (kind === "child") {
          const locator = Buffer.from(`.\\${basename(image)}`, "utf16le");
          expect(readFileSync(target.path).includes(locator)).toBe(true);
          expect(stageImage(image, stagingOf(guest)).plan?.refusals.map(({ code }) => code)).toEqual([
            "STAGE_HAS_CHILDREN",
          ]);
        }
        // A second time neither the disk that is there is written over nor the image touched.
        const made = digestOfFile(target.path);
        expect(stageImage(image, options).outcome).not.toBe("staged");
        expect({ made: digestOfFile(target.path), image: digestOfFile(image) }).toEqual({
          made,
          image: original,
        });
      } finally {
        rmSync(target.path, { force: true });
      }
    },
  );
});

describe("services of a guest are disabled, taken back, disabled and enabled:", () => {
  const SERVICES = ["vmictimesync", "vmicvss"];
  const edits = (start: "enable" | "disable") => SERVICES.map((name) => ({ name, start }));

  test.each([SERVER, CLIENT, FIXED].map((guest) => ({ ...guest, guest })))(
    "$args, $container",
    async ({ guest }) => {
      const { image, truth } = await queue.take(guest);
      const original = digestOfFile(image);
      const starts = () =>
        withVolume(image, truth, "QEMU", ({ system, checks }) => ({
          system: system.map(withoutTime),
          checks,
        }));
      const before = starts();
      const disable = () =>
        expect(editServices(image, edits("disable"), changeOptions())).toMatchObject({
          outcome: "staged",
          error: null,
        });
      disable();
      const disabled = starts();
      const changed = disabled.system.filter((line) => !before.system.includes(line));
      expect(changed).toEqual(
        SERVICES.map((name) => `/ControlSet001/Services/${name}/Start,DWORD,0x00000004`),
      );
      expect(disabled.system).toHaveLength(before.system.length);
      expect(disabled.checks).toEqual(before.checks);
      expect(rollbackImage(image, TOOL)).toMatchObject({ outcome: "rolled-back" });
      expect(digestOfFile(image)).toBe(original);

      disable();
      const digest = digestOfFile(image);
      expect(rollbackImage(image, { ...TOOL, way: "discard" })).toMatchObject({ outcome: "discarded" });
      expect(editServices(image, edits("enable"), changeOptions())).toMatchObject({
        outcome: "staged",
        error: null,
      });
      expect(starts()).toEqual(before);
      expect(editServices(image, edits("enable"), changeOptions())).toMatchObject({
        outcome: "nothing-to-do",
      });
      expect(rollbackImage(image, TOOL)).toMatchObject({ outcome: "rolled-back" });
      expect(digestOfFile(image)).toBe(digest);
      expect(editServices(image, edits("disable"), changeOptions())).toMatchObject({
        outcome: "nothing-to-do",
      });
      expect(editServices(image, edits("enable"), changeOptions())).toMatchObject({ outcome: "staged" });
      rmSync(`${image}.vmguest-undo`);
    },
  );
});

/** Keys have the time of their last change at the end of their line, values nothing. */
const withoutTime = (line: string) => line.replace(/,[^,]*$/, "");

describe("what is beside the guest's volume on the disk stays, bit for bit:", () => {
  test.each(PARTITIONED.map((guest) => ({ ...guest, guest })))("$args, $container", async ({ guest }) => {
    const { image, truth } = await queue.take(guest);
    expect(truth.partitions.length).toBeGreaterThan(1);
    const { offset, sectors } = guestPartition(truth);
    const around = () => {
      const disk = `${image}.disk`;
      run("qemu-img", "convert", "-f", image.endsWith("x") ? "vhdx" : "vpc", "-O", "raw", image, disk);
      const parts = truth.partitions.map((part) =>
        digestOfFile(disk, part.offset, part.offset + part.sectors * 512),
      );
      const rest = [digestOfFile(disk, 0, offset), digestOfFile(disk, offset + sectors * 512)];
      rmSync(disk);
      return { parts, rest };
    };
    const before = around();
    expect(stageImage(image, stagingOf(guest))).toMatchObject({ outcome: "staged" });
    const after = around();
    expect(after.rest).toEqual(before.rest);
    const changed = truth.partitions.filter((_, index) => after.parts[index] !== before.parts[index]);
    expect(changed.map(({ kind }) => kind)).toEqual(["main"]);
  });
});

test("a package that is signed under a given root, but not as a part of Windows, is staged nowhere", async () => {
  const { image } = await queue.take(SERVER);
  const cabinet = join(folder, "own.cab");
  const tools = join(FIXTURES, "../tools");
  run(
    "python3",
    join(tools, "make_ic_cab.py"),
    "--sign",
    "--target",
    "60",
    "--version",
    "6.3.9600.19999",
    cabinet,
  );
  const original = digestOfFile(image);
  const options = packageFile(cabinet, join(tools, "cache/ca/ca.pem"));
  const { outcome, plan } = stageImage(image, options);
  expect(outcome).toBe("refused");
  expect(plan?.package).toBeNull();
  expect(plan?.guest?.verdict.passedOver).toMatchObject([{ because: "signature" }]);
  expect(digestOfFile(image)).toBe(original);
});
