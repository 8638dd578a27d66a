import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openBefore } from "../../src/io/commit/index.ts";
import { readBytes } from "../../src/io/index.ts";
import {
  type ChangeImageOptions,
  editServices,
  planServices,
  rollbackImage,
} from "../../src/staging/index.ts";
import { CONTAINERS, layGpt } from "../lab/guest-image.ts";
import { volumeOf } from "./preconditions/targets.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-replacing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS: ChangeImageOptions = {
  host: "ws2012r2",
  toolVersion: "0.0.0",
  newGuid: () => randomUUID(),
  now: new Date("2026-01-02T03:04:05Z"),
};
const EDITS = [{ name: "vmictimesync", start: "disable" }] as const;
const OTHER = [{ name: "vmicheartbeat", start: "disable" }] as const;

const original = CONTAINERS.vhdx(layGpt([volumeOf()]));
const path = join(folder, "disk.vhdx");
const undo = `${path}.vmguest-undo`;

beforeEach(() => {
  rmSync(undo, { force: true });
  rmSync(join(folder, "child.avhdx"), { force: true });
  writeFileSync(path, original);
  expect(editServices(path, EDITS, OPTIONS).outcome).toBe("staged");
});

const everything = () => [readFileSync(path), readFileSync(undo)].map((bytes) => bytes.toString("latin1"));

test("the image before its change can be read without taking that back", () => {
  const now = everything();
  using before = openBefore(path) ?? expect.fail("there is a change");
  expect(Buffer.from(readBytes(before, 0, before.sizeBytes)).equals(original)).toBe(true);
  expect(Buffer.from(readBytes(before, 5000, 9000)).equals(original.subarray(5000, 14_000))).toBe(true);
  expect(() => before.read(before.sizeBytes, 1)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
  expect(everything()).toEqual(now);
});

describe("a change that replaces an earlier one", () => {
  test("is planned as if that had been taken back, and nothing is written", () => {
    const now = everything();
    expect(planServices(path, OTHER, OPTIONS)).toMatchObject({
      outcome: "refused",
      refusals: [{ code: "UNDO_PRESENT" }],
    });
    expect(planServices(path, EDITS, { ...OPTIONS, replaces: true })).toMatchObject({
      outcome: "ready",
      reasons: ["an earlier change of the image is taken back first"],
    });
    expect(everything()).toEqual(now);
  });

  test("leaves that one where it is refused itself", () => {
    const now = everything();
    writeFileSync(join(folder, "282874FC-59D6-4F30-BC04-5FDD909C82E0.vsv"), "state");
    const report = editServices(path, OTHER, { ...OPTIONS, replaces: true });
    rmSync(join(folder, "282874FC-59D6-4F30-BC04-5FDD909C82E0.vsv"));
    expect(report).toMatchObject({
      outcome: "refused",
      plan: { refusals: [{ code: "STAGE_SAVED_STATE" }] },
    });
    expect(everything()).toEqual(now);
  });

  test("is refused where the image was used since", () => {
    const image = readFileSync(path);
    const hive = image.indexOf("regf");
    image[hive + 4] = (image[hive + 4] ?? 0) + 1;
    writeFileSync(path, image);
    const now = everything();
    expect(editServices(path, OTHER, { ...OPTIONS, replaces: true })).toMatchObject({
      outcome: "refused",
      error: { code: "UNDO_IMAGE_CHANGED" },
    });
    expect(everything()).toEqual(now);
  });
});

test("what a child was made over is not taken back under it", () => {
  const child = join(folder, "child.avhdx");
  expect(editServices(path, OTHER, { ...OPTIONS, target: { kind: "child", path: child } })).toMatchObject({
    outcome: "staged",
  });
  const now = everything();
  expect(rollbackImage(path, OPTIONS)).toMatchObject({
    outcome: "failed",
    error: { code: "STAGE_HAS_CHILDREN" },
  });
  expect(everything()).toEqual(now);
  rmSync(child);
  expect(rollbackImage(path, OPTIONS).outcome).toBe("rolled-back");
  expect(readFileSync(path).equals(original)).toBe(true);
});
