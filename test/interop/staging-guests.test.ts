import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { planStaging, rollbackImage, stageImage } from "../../src/staging/index.ts";
import { run } from "./differential/tools.ts";
import { fullHive } from "./staging/adjustments.ts";
import { auditOnly, NOW_TEXT, stagingOf } from "./staging/changes.ts";
import { unpackerOf } from "./staging/containers.ts";
import { expectOnlyPlannedChanges, expectPlannedFiles, expectTrigger } from "./staging/expectations.ts";
import { GuestQueue } from "./staging/guest-queue.ts";
import { STAGED_GUESTS, titleOf } from "./staging/guests.ts";
import { digestOfFile, linesOf, withVolume } from "./staging/volume-view.ts";

// Updates that are staged into guests of a third-party builder, and what third-party programs then see in them.

const folder = mkdtempSync(join(tmpdir(), "vmguest-staging-guests-"));
const queue = new GuestQueue(folder, STAGED_GUESTS);
afterAll(async () => {
  await queue.end();
  rmSync(folder, { recursive: true, force: true });
});

const BIN_SIZE = 4096;

describe("a guest is staged, as every other program sees it, and taken back:", () => {
  test.each(STAGED_GUESTS.map((guest) => ({ ...guest, guest, title: titleOf(guest) })))(
    "$title",
    async ({ guest }) => {
      const { image, truth, recoveredHive } = await queue.take(guest);
      const { container, trigger = "setup-mode" } = guest;
      const options = stagingOf(guest);
      const unpacker = unpackerOf(container);
      const original = { digest: digestOfFile(image), sizeBytes: statSync(image).size };
      const parent = container === "vhdx-diff" ? image.replace(/\.vhdx$/, "-base.vhdx") : undefined;
      const parentDigest = parent === undefined ? undefined : digestOfFile(parent);

      expect(auditOnly(image, options)).toMatchObject({
        staging: { state: "none" },
        verdict: { action: "stage-cab" },
      });
      const before = withVolume(image, truth, unpacker, (view) => ({
        ...view,
        system: recoveredHive === undefined ? view.system : linesOf(recoveredHive),
      }));

      const plan = planStaging(image, options);
      expect(plan).toMatchObject({ outcome: "ready", refusals: [], error: null, trigger: { id: trigger } });
      expect(digestOfFile(image)).toBe(original.digest);

      const staged = stageImage(image, options);
      expect(staged).toMatchObject({
        outcome: "staged",
        error: null,
        target: { kind: "in-place", path: image },
      });
      expect(staged.plan?.changes).toEqual(plan.changes);
      expect(auditOnly(image)).toMatchObject({ staging: { state: "staged" } });
      if (container.startsWith("vhdx") && container !== "vhdx-diff") {
        expect(run("qemu-img", "check", "-f", "vhdx", image)).toContain("No errors were found");
      }

      withVolume(image, truth, unpacker, (after) => {
        expect(after.checks).toEqual(before.checks);
        expectPlannedFiles(after, before, { plan, options, truth, time: NOW_TEXT });
        expectOnlyPlannedChanges(after, before, { plan, truth });
        expectTrigger(after, trigger);
        // Nothing in it was free: it has another bin.
        if (guest.adjust === fullHive) expect(after.systemSizeBytes).toBe(before.systemSizeBytes + BIN_SIZE);
      });
      // A second program that reads such a container.
      if (container.startsWith("vhd-")) {
        const seen = (["QEMU", "libvhdi"] as const).map((reader) =>
          withVolume(image, truth, reader, (_, volume) => digestOfFile(volume)),
        );
        expect(new Set(seen).size).toBe(1);
      }

      const digest = digestOfFile(image);
      expect(stageImage(image, options)).toMatchObject({ outcome: "nothing-to-do", error: null });
      expect(digestOfFile(image)).toBe(digest);

      expect(rollbackImage(image, { toolVersion: "0.0.0" })).toMatchObject({
        outcome: "rolled-back",
        error: null,
      });
      expect({ digest: digestOfFile(image), sizeBytes: statSync(image).size }).toEqual(original);
      expect(existsSync(`${image}.vmguest-undo`)).toBe(false);
      if (parent !== undefined) expect(digestOfFile(parent)).toBe(parentDigest);
      rmSync(join(image, ".."), { recursive: true });
    },
  );
});
