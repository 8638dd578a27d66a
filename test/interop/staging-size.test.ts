import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NodeStorage, type OpenFile, type OpenMode } from "../../src/io/commit/index.ts";
import { planStaging, rollbackImage, stageImage } from "../../src/staging/index.ts";
import { run } from "./differential/tools.ts";
import { auditOnly, stagingOf } from "./staging/changes.ts";
import { fullBlocks } from "./staging/full-blocks.ts";
import { GuestQueue } from "./staging/guest-queue.ts";
import type { StagedGuest } from "./staging/guests.ts";
import { digestOfFile, withVolume } from "./staging/volume-view.ts";

// What a staging costs on the disk of Hyper-V's default size: bytes written, and space taken on the host.

const MIB = 1024 * 1024;
/** A package of 700 KiB, and eleven times as much for everything else. */
const WRITTEN_MAX = 8 * MIB;

const LARGE: readonly StagedGuest[] = [
  { args: "ws2008r2 --virtual-size 127G --files 0 --block-size 32M --no-frag", container: "vhdx-dynamic" },
  { args: "win7 --partition mbr --virtual-size 127G --files 0 --no-frag", container: "vhd-dynamic" },
];
const FULL: readonly StagedGuest[] = [
  {
    args: "ws2008r2 --virtual-size 64M --files 0 --block-size 32M --no-frag --partition none",
    container: "vhdx-dynamic",
    adjust: fullBlocks,
  },
  {
    args: "win7 --virtual-size 64M --files 0 --no-frag --partition none",
    container: "vhd-dynamic",
    adjust: fullBlocks,
  },
];

const folder = mkdtempSync(join(tmpdir(), "vmguest-staging-size-"));
const queue = new GuestQueue(folder, [...LARGE, ...FULL]);
afterAll(async () => {
  await queue.end();
  rmSync(folder, { recursive: true, force: true });
});

/** The host's files, with a count of what is written to each. */
class CountingStorage extends NodeStorage {
  readonly written = new Map<string, number>();

  override open(path: string, mode: OpenMode): OpenFile {
    const file = super.open(path, mode);
    const write = file.write.bind(file);
    file.write = (bytes, offset) => {
      const length = write(bytes, offset);
      this.written.set(path, (this.written.get(path) ?? 0) + length);
      return length;
    };
    return file;
  }
}

const spaceOf = (path: string) => statSync(path).blocks * 512;

/** Stages a guest, and gives what it took. */
function stage(image: string, guest: StagedGuest) {
  const storage = new CountingStorage();
  const before = { space: spaceOf(image), size: statSync(image).size };
  const { outcome, plan, error } = stageImage(image, { ...stagingOf(guest), storage });
  expect({ outcome, error }).toEqual({ outcome: "staged", error: null });
  const undo = `${image}.vmguest-undo`;
  return {
    planned: plan?.writes,
    written: storage.written.get(image) ?? 0,
    space: spaceOf(image) - before.space,
    growth: statSync(image).size - before.size,
    undo: statSync(undo).size,
  };
}

describe("a staging writes no more than it has to:", () => {
  test.each([...LARGE, ...FULL].map((guest) => ({ ...guest, guest })))(
    "$args, $container",
    async ({ guest }) => {
      const { image, truth } = await queue.take(guest);
      const original = { digest: digestOfFile(image), size: statSync(image).size };
      const isFull = FULL.includes(guest);
      const before = withVolume(image, truth, "QEMU", ({ checks }) => checks);
      expect(planStaging(image, stagingOf(guest)).outcome).toBe("ready");
      const cost = stage(image, guest);
      // Zeros at the end of a file that grows are planned, and come from making it longer.
      expect(cost.planned?.bytes).toBeGreaterThanOrEqual(cost.written);
      expect(cost.written).toBeLessThan(WRITTEN_MAX);
      expect(cost.undo).toBeLessThan(WRITTEN_MAX);
      expect(cost.space).toBeLessThan(WRITTEN_MAX);
      expect(cost.planned?.growth).toBe(cost.growth);
      // Where no block has room, the file is longer by a new one, of which the host stores what is written.
      if (isFull) expect(cost.growth).toBeGreaterThanOrEqual(2 * MIB);
      else expect(cost.growth).toBe(0);
      expect(auditOnly(image).staging.state).toBe("staged");
      expect(withVolume(image, truth, "QEMU", ({ checks }) => checks)).toEqual(before);
      if (guest.container === "vhdx-dynamic") {
        expect(run("qemu-img", "check", "-f", "vhdx", image)).toContain("No errors were found");
      }
      expect(rollbackImage(image, { toolVersion: "0.0.0" })).toMatchObject({ outcome: "rolled-back" });
      expect({ digest: digestOfFile(image), size: statSync(image).size }).toEqual(original);
    },
  );
});
