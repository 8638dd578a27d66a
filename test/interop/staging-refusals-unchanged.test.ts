import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openImage } from "../../src/audit/index.ts";
import type { Code } from "../../src/errors.ts";
import { NodeStorage } from "../../src/io/commit/index.ts";
import {
  editServices,
  planStaging,
  rollbackImage,
  type StageReport,
  stageImage,
} from "../../src/staging/index.ts";
import { canBeAllowed, PRECONDITIONS } from "../../src/staging/preconditions/index.ts";
import { guestDisk } from "./refusals/disks.ts";
import { REFUSED_IMAGES, type RefusedImage } from "./refusals/images.ts";
import { optionsOf } from "./refusals/packages.ts";

// Whatever the reason to refuse: the image, and all that is beside it, is as it was.

const root = mkdtempSync(join(tmpdir(), "vmguest-unchanged-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const EDITS = [{ name: "vmictimesync", start: "disable" }] as const;

/** Codes that no image of the lab comes to as a whole, and why. */
const SHOWN_ELSEWHERE: readonly Code[] = [
  // Told when the image is written: see below.
  "IMAGE_IN_USE",
  "IMAGE_LOCKED",
  // Hives of half a GiB, which test/registry/edit makes of holes.
  "HIVE_EDIT_SIZE",
  // A guest to which nothing is to be done needs no reason to be refused.
  "STAGE_BUILT_IN",
  "STAGE_NANO",
  // A trigger with such a file is passed over, or refused as TRIGGER_UNSAFE.
  "TRIGGER_FILE_UNSUITABLE",
  // Packages of another kind are not chosen in the first place.
  "STAGE_PACKAGE_KIND",
];

let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, String(++count));
  mkdirSync(folder);
  return () => rmSync(folder, { recursive: true, force: true });
});

function arrange({ file = "web01.img", lay, arrange = () => {} }: RefusedImage): string {
  const path = join(folder, file);
  writeFileSync(path, lay());
  arrange(path);
  return path;
}

/** Nothing in the lab is as large but for holes, which nobody has the time to read. */
const HOLE_BYTES = 2 ** 30;

const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What stands in the folder of an image: names, kinds, and of files the content. */
function listing(path: string): string[] {
  return readdirSync(dirname(path))
    .sort()
    .map((name) => {
      const full = join(dirname(path), name);
      const status = lstatSync(full);
      const isHole = status.size > HOLE_BYTES;
      const content = isHole ? status.mtimeMs : status.isFile() ? hashOf(full) : "";
      return `${name} ${status.mode} ${status.size} ${content}`;
    });
}

/** The codes that a refusal tells, each of which has a cure. */
function codesOf({ outcome, plan, error }: StageReport): string[] {
  const refusals = plan?.refusals ?? [];
  expect({ outcome, error, incurable: refusals.filter(({ cure }) => !cure) }).toEqual({
    outcome: "refused",
    error: null,
    incurable: [],
  });
  return refusals.map(({ code }) => code);
}

describe.each(REFUSED_IMAGES)("$code: an image $what", (refused) => {
  test("is as it was, and nothing is beside it that was not", () => {
    const path = arrange(refused);
    const before = listing(path);
    const options = { ...optionsOf(), ...refused.options?.() };
    expect(codesOf(stageImage(path, options))).toContain(refused.code);
    expect(listing(path)).toEqual(before);
    if (refused.isOfStaging === true) return;
    expect(codesOf(editServices(path, EDITS, options))).toContain(refused.code);
    expect(listing(path)).toEqual(before);
  });
});

describe("what only the writing can tell", () => {
  const good: RefusedImage = { code: "IMAGE_LOCKED", what: "in good order", lay: guestDisk };

  test.each<{ code: Code; arrange: (path: string) => void }>([
    {
      code: "IMAGE_LOCKED",
      arrange: (path) => writeFileSync(`${path}.vmguest-lock`, JSON.stringify(new NodeStorage().self())),
    },
    { code: "LOCK_STALE", arrange: (path) => writeFileSync(`${path}.vmguest-lock`, "") },
  ])("$code refuses, and the lock stays as it is", ({ code, arrange: lock }) => {
    const path = arrange({ ...good, arrange: lock });
    const before = listing(path);
    const edited = editServices(path, EDITS, optionsOf());
    for (const { outcome, error } of [stageImage(path, optionsOf()), edited]) {
      expect({ outcome, code: error?.code, hasHint: error?.hint !== null }).toEqual({
        outcome: "refused",
        code,
        hasHint: true,
      });
      expect(listing(path)).toEqual(before);
    }
  });

  test("IMAGE_IN_USE refuses where another program holds a lock", async () => {
    const path = arrange(good);
    const before = listing(path);
    const holder = spawn("flock", [path, "sh", "-c", "echo held; read line"]);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const { outcome, error } = stageImage(path, optionsOf());
    expect({ outcome, code: error?.code }).toEqual({ outcome: "refused", code: "IMAGE_IN_USE" });
    expect(listing(path)).toEqual(before);
    const ended = new Promise((resolve) => holder.once("close", resolve));
    holder.stdin.end("\n");
    await ended;
  });
});

test("a rollback that is refused leaves image and undo file as they are", () => {
  const path = arrange({ code: "UNDO_IMAGE_CHANGED", what: "used since", lay: guestDisk });
  expect(stageImage(path, optionsOf()).outcome).toBe("staged");
  const image = readFileSync(path);
  const offset = firstVolumeOf(path);
  // Of the hive that the guest would write first.
  const hive = image.indexOf("regf", offset);
  image[hive + 4] = (image[hive + 4] ?? 0) + 1;
  writeFileSync(path, image);
  const before = listing(path);
  expect(rollbackImage(path, { toolVersion: "1.2.3" })).toMatchObject({
    outcome: "failed",
    error: { code: "UNDO_IMAGE_CHANGED" },
  });
  expect(listing(path)).toEqual(before);
});

function firstVolumeOf(path: string): number {
  using opened = openImage(path);
  return opened.layout.volumes[0]?.offset ?? expect.fail("no volume");
}

describe("what the user allows", () => {
  const REFUSING = Object.keys(PRECONDITIONS).filter(
    (code) => PRECONDITIONS[code as Code]?.outcome === "refuses",
  ) as Code[];

  test.each(REFUSED_IMAGES.filter(({ code }) => !canBeAllowed(code)).filter(isFirstOfItsCode))(
    "$code is refused all the same",
    (refused) => {
      const path = arrange(refused);
      const before = listing(path);
      const options = { ...optionsOf(), ...refused.options?.(), allowed: new Set<string>(REFUSING) };
      const { outcome, refusals } = planStaging(path, options);
      expect({ outcome, codes: refusals.map(({ code }) => code) }).toEqual({
        outcome: "refused",
        codes: expect.arrayContaining([refused.code]),
      });
      expect(codesOf(stageImage(path, options))).toContain(refused.code);
      expect(listing(path)).toEqual(before);
    },
  );

  test.each(REFUSED_IMAGES.filter(({ code }) => canBeAllowed(code)))(
    "$code is told, and written",
    (refused) => {
      const path = arrange(refused);
      const options = {
        ...optionsOf(),
        ...refused.options?.(),
        allowed: new Set(["STAGE_SPACE", refused.code]),
      };
      const { outcome, plan } = stageImage(path, options);
      expect(outcome).toBe("staged");
      expect(plan?.warnings.map(({ code }) => code)).toContain(refused.code);
      expect(rollbackImage(path, { toolVersion: "1.2.3" }).outcome).toBe("rolled-back");
    },
  );

  test("every code that refuses has its image here, or its reason to have none", () => {
    const shown = new Set([...REFUSED_IMAGES.map(({ code }) => code), ...SHOWN_ELSEWHERE]);
    expect(REFUSING.filter((code) => !shown.has(code))).toEqual([]);
  });
});

const isFirstOfItsCode = ({ code }: RefusedImage, index: number, all: readonly RefusedImage[]) =>
  all.findIndex((other) => other.code === code) === index;
