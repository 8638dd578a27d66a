import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { OpenedImage } from "../../src/audit/index.ts";
import { ATTRIBUTE } from "../../src/fs/structures/index.ts";
import { commitChanges, rollbackChanges } from "../../src/io/commit/index.ts";
import { RECORDS_OFFSET } from "../../src/io/commit/layout.ts";
import { type PlannedChange, rollbackImage } from "../../src/staging/index.ts";
import { prepareChange } from "../../src/staging/prepare-change.ts";
import { FaultyDisk } from "../faults/index.ts";
import { sha256 } from "../lab/ntfs/listing.ts";
import { nameOf } from "./power-cut/guest-state.ts";
import { CUT_GUESTS } from "./power-cut/guests.ts";
import { StagingJudge } from "./power-cut/judge.ts";
import { proveStaging } from "./power-cut/prove-staging.ts";
import { CAB, carryOut, type PreparedStaging, prepare } from "./power-cut/stagings.ts";

const IMAGE = "/images/vm.img";
const ID = "c07fa11e-0000-4000-8000-000000000002";
const MOMENT = { during: "commit", state: "interrupted", words: "by hand" } as const;
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const names = Object.keys(CUT_GUESTS) as (keyof typeof CUT_GUESTS)[];
const prepared = new Map<string, PreparedStaging>();

function stagingOf(name: keyof typeof CUT_GUESTS): PreparedStaging {
  const staging = prepared.get(name) ?? prepare(CUT_GUESTS[name]);
  prepared.set(name, staging);
  return staging;
}

/** The lab's disk with a change on it. */
function committed({ image, plan }: PreparedStaging): FaultyDisk {
  const disk = new FaultyDisk();
  disk.put(IMAGE, image.file);
  commitChanges(IMAGE, { ...plan, image: disk.planned(IMAGE), id: ID }, { storage: disk });
  return disk;
}

describe.each(names)("the change that is cut (%s)", (name) => {
  test("is the one that is written to files of the host, and taken back there", () => {
    const staging = stagingOf(name);
    const [before, after] = [staging.image.file, staging.ready.prepared.file].map(sha256);
    const disk = committed(staging);
    const cut = disk.bytesOf(`${IMAGE}.vmguest-undo`) ?? expect.fail("there is no undo file");
    expect(sha256(disk.sourceOf(IMAGE))).toBe(after);
    rollbackChanges(IMAGE, { storage: disk });
    expect(sha256(disk.sourceOf(IMAGE))).toBe(before);

    const path = carryOut(CUT_GUESTS[name]);
    const undoPath = `${path}.vmguest-undo`;
    const written = readFileSync(undoPath);
    expect(digestOf(readFileSync(path))).toBe(after);
    // Records, note and pages: all but its name and the times.
    expect(digestOf(written.subarray(RECORDS_OFFSET))).toBe(digestOf(cut.subarray(RECORDS_OFFSET)));
    expect(rollbackImage(path, { toolVersion: "1.2.3" })).toMatchObject({
      outcome: "rolled-back",
      error: null,
    });
    expect(digestOf(readFileSync(path))).toBe(before);
    expect(existsSync(undoPath)).toBe(false);
  });

  test("changes what is planned, and nothing else that can be seen", () => {
    const staging = stagingOf(name);
    const { differences, after } = new StagingJudge(staging);
    // Nothing says that a power failure could tear it.
    expect(staging.ready.prepared.findings).toEqual([]);
    expect(differences).toEqual([...new Set(staging.ready.changes.map(nameOf))].sort());
    if (name === "services") return;
    expect(after.things.get("windows/setup/vmguest/ic.cab")).toContain(`${CAB.length} ${digestOf(CAB)}`);
    expect(after.staging).toBe("staged");
  });
});

describe("the changes that are cut have what is hard to write:", () => {
  const kindsOf = ({ ready }: PreparedStaging) => ready.changes.map(({ kind }) => kind);

  test.each(["setupMode", "setupComplete"] as const)("a new block (%s)", (name) => {
    const { ready } = stagingOf(name);
    expect(ready.prepared.writes.growth).toBeGreaterThan(0);
  });

  test("an index that splits", () => {
    const { image, ready } = stagingOf("setupMode");
    const blockBytes = (one: OpenedImage) => {
      const volume = one.ntfs(one.volume(ready.target.volume.index));
      const { attributes } = volume.context.mft.record(volume.require("Windows/Setup").recordNumber);
      return attributes.find(({ type }) => type === ATTRIBUTE.indexAllocation)?.sizes.dataBytes ?? 0;
    };
    expect(blockBytes(ready.prepared.after)).toBeGreaterThan(blockBytes(image));
  });

  test("a differencing disk, and files that are replaced", () => {
    const staging = stagingOf("groupPolicy");
    expect(staging.image.chain).toHaveLength(2);
    expect(kindsOf(staging).filter((kind) => kind === "replace-file")).toHaveLength(2);
  });

  test("a hive that is recovered, and grows; a key in another", () => {
    const staging = stagingOf("growingHive");
    const [before, after] = [staging.image, staging.ready.prepared.after].map((one) => {
      const [{ windows } = expect.fail("there is no guest")] = one.windows();
      const { sizeBytes } = windows.fs.require(windows.systemPath);
      const logged = windows.system.find("Setup")?.value("Number")?.number();
      return { sizeBytes, logged, findings: windows.findings.map(({ code }) => code) };
    });
    expect(before).toMatchObject({ logged: 2, findings: ["REGF_LOG_APPLIED"] });
    expect(after).toMatchObject({ logged: 2, findings: [] });
    expect(after?.sizeBytes).toBeGreaterThan(before?.sizeBytes ?? 0);
    expect(kindsOf(staging)).toContain("create-key");
  });
});

describe.each(["setupMode", "groupPolicy", "setupComplete"] as const)("the judge (%s)", (name) => {
  const staging = () => stagingOf(name);
  const judge = (isWanted: (change: PlannedChange) => boolean) => {
    const { image, ready } = staging();
    const partial = ready.changes.filter(isWanted);
    const newGuid = () => ID;
    const { volume } = ready.target;
    const now = new Date("2024-05-06T07:08:09Z");
    using some = prepareChange(image, partial, { volume: volume.index, now, newGuid });
    new StagingJudge(staging()).judge(some.file, MOMENT);
  };

  test("takes a payload without a trigger", () => {
    judge(({ stage }) => stage === "payload");
  });

  test("does not take a trigger without a payload, or without any part of it", () => {
    expect(() => judge(({ stage }) => stage !== "payload")).toThrow(/is there before/);
    for (const part of ["ic.cab", "job.ini", "run.cmd"]) {
      expect(() => judge((change) => !nameOf(change).endsWith(part))).toThrow(/is there before/);
    }
  });
});

/** Hundreds of disks, and dozens of guests to look at. */
const UNHURRIED = { timeout: 60_000 };

test("a change whose steps are not kept apart does not pass", UNHURRIED, () => {
  const staging = stagingOf("setupMode");
  const plan = { ...staging.plan, steps: [staging.plan.steps.flat()] };
  expect(() => proveStaging({ ...staging, plan }, { seedCount: 1, tornSeedCount: 0 })).toThrow();
});

test(
  "a staging that is cut anywhere loses nothing but space, and is taken back or finished",
  UNHURRIED,
  () => {
    const { disks, images, states } = proveStaging(stagingOf("setupMode"), {
      seedCount: 1,
      tornSeedCount: 0,
    });
    expect(disks).toBeGreaterThan(300);
    expect(images).toBeGreaterThan(40);
    expect(states).toEqual(["none", "staged", "staged-broken"]);
  },
);
