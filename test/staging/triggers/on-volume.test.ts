import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { openWindows, readWindowsFacts, type TriggerId } from "../../../src/guest/index.ts";
import { type ByteSource, copyBytes, MemorySource } from "../../../src/io/index.ts";
import { applyChanges } from "../../../src/staging/apply/apply-changes.ts";
import type { StagingTarget } from "../../../src/staging/target.ts";
import { chooseTrigger, planTrigger } from "../../../src/staging/triggers/index.ts";
import { ADMIN_ONLY } from "../../fs/ntfs/write/volumes.ts";
import { windowsVolume } from "../../lab/guest-image.ts";
import type { ReleaseName } from "../../lab/windows.ts";
import { SETUP_STATES } from "../lab-target.ts";

const HIDDEN = 0x2;
const DIRECTORY = 0x10;
const JOB = { systemRoot: "C:\\Windows" };

function targetOn(bytes: ByteSource): StagingTarget {
  const windows = openWindows(openNtfs(bytes), "Windows");
  const volume = { index: 0, offset: 0, sizeBytes: bytes.sizeBytes } as StagingTarget["volume"];
  const report = readWindowsFacts(windows) as unknown as StagingTarget["report"];
  return { windows, volume, report, image: {} as StagingTarget["image"] };
}

describe("on a volume", () => {
  const guests: readonly { trigger: TriggerId; release: ReleaseName; state?: keyof typeof SETUP_STATES }[] = [
    { trigger: "setup-mode", release: "ws2008r2" },
    { trigger: "group-policy", release: "sbs2011" },
    { trigger: "setup-complete", release: "ws2012r2", state: "generalized" },
    { trigger: "run-once", release: "win8.1", state: "audit" },
  ];

  test.each(guests)(
    "$trigger arms $release, and has nothing more to do then",
    ({ trigger, release, state }) => {
      const files = { "Setup/State/State.ini": new Uint8Array(1), "System32/user32.dll": new Uint8Array(1) };
      const setup = state === undefined ? {} : SETUP_STATES[state];
      const bytes = windowsVolume(
        { release, files, ...setup },
        { spareClusters: 200, spareRecords: 20, descriptors: new Map([[0x100, ADMIN_ONLY]]) },
      );
      const target = targetOn(new MemorySource(bytes));
      expect(chooseTrigger(target).find(({ isChosen }) => isChosen)?.trigger).toBe(trigger);
      const changes = planTrigger(trigger, target, JOB);
      const disk = new MemorySource(bytes) as unknown as Parameters<typeof applyChanges>[0];
      const { overlay, findings } = applyChanges(disk, target.volume, changes, { now: new Date(1e12) });
      expect(findings).toEqual([]);
      const after = targetOn(overlay);
      expect(planTrigger(trigger, after, JOB)).toEqual([]);
      for (const change of changes) {
        if (!("path" in change)) continue;
        const node = after.windows.fs.require(change.path);
        if (change.kind === "create-directory") expect(node.attributes & DIRECTORY).toBe(DIRECTORY);
        else expect(copyBytes(node.open(), 0, node.sizeBytes)).toEqual(change.content);
        expect(node.attributes & HIDDEN).toBe(change.path.endsWith("/GroupPolicy") ? HIDDEN : 0);
      }
    },
  );
});
