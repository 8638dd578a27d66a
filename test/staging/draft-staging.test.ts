import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { findOffers } from "../../src/package/index.ts";
import { planStaging, rollbackImage, type StagingOptions, stageImage } from "../../src/staging/index.ts";
import { layGpt } from "../lab/guest-image.ts";
import { buildIcPackage, FEW_COMPONENTS, type LabIcPackage } from "../lab/ic-package.ts";
import { THROW_AWAY } from "../lab/signing/index.ts";
import { volumeOf } from "./preconditions/targets.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-draft-staging-"));
afterAll(() => rmSync(folder, { recursive: true }));

const trust = { roots: [THROW_AWAY.root.certificate] };

/** What is asked for, with a package of the lab at hand. */
function offering(lab: LabIcPackage = {}): StagingOptions {
  const cabinet = buildIcPackage({ target: "6.2", components: FEW_COMPONENTS.slice(0, 1), ...lab });
  const open = () => new MemorySource(cabinet);
  return {
    host: "ws2012r2",
    toolVersion: "0.0.0",
    newGuid: () => randomUUID(),
    now: new Date("2026-01-02T03:04:05Z"),
    // Volumes of the lab are small.
    allowed: new Set(["STAGE_SPACE"]),
    offered: findOffers([{ file: "ic.cab", open }], { trust }).offers,
    openFile: open,
    trust,
  };
}

describe("a guest into which an update was staged", () => {
  const path = join(folder, "disk.img");
  writeFileSync(
    path,
    layGpt([volumeOf({ windows: { release: "ws2012" }, ntfs: { spareClusters: 100, spareRecords: 20 } })]),
  );
  const offered = offering();
  test("is planned for", () => {
    expect(stageImage(path, offered)).toMatchObject({ outcome: "staged", error: null });
    expect(rollbackImage(path, { toolVersion: "0.0.0", way: "discard" }).outcome).toBe("discarded");
  });

  test.each([
    { what: "the same again", wish: {} },
    { what: "its trigger by name", wish: { trigger: "setup-mode" } },
    { what: "the restart that it has", wish: { reboot: "auto" } },
  ] as const)("needs nothing where it is asked for $what", ({ wish }) => {
    expect(planStaging(path, { ...offered, ...wish })).toMatchObject({ outcome: "nothing-to-do" });
  });

  test.each([
    { what: "another trigger", wish: { trigger: "stage-only" } },
    { what: "no restart", wish: { reboot: "never" } },
    {
      what: "another package of the same version",
      wish: offering({ packageName: "Microsoft-Hyper-V-Integration-Services-Package-3" }),
    },
  ] as const)("has one in the way where $what is wanted", ({ wish }) => {
    const { outcome, refusals } = planStaging(path, { ...offered, ...wish });
    expect({ outcome, codes: refusals.map(({ code }) => code) }).toEqual({
      outcome: "refused",
      codes: ["STAGE_PRESENT"],
    });
  });
});
