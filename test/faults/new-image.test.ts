// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { copyImage, createImage } from "../../src/io/commit/index.ts";
import { diskOf, finalOf, growingCase, IMAGE } from "./change-lab.ts";
import { cutAtEveryCall, type FaultyDisk, failAtEveryCall, losses } from "./index.ts";

const all = growingCase();
const NEW = "/images/new.vhdx";
const DRAFT = `${NEW}.vmguest-new`;
const changes = { steps: all.steps, sizeBytes: all.sizeBytes };

const imageIn = (disk: FaultyDisk) => ({ ...disk.planned(IMAGE), path: IMAGE });
/** The steps over nothing. */
const child = Buffer.alloc(all.sizeBytes);
for (const { offset, bytes } of all.steps.flat()) child.set(bytes, offset);

const works = [
  {
    what: "a new image",
    expected: child,
    work: (storage: FaultyDisk) => void createImage(NEW, changes, { storage }),
  },
  {
    what: "a copy, page by page",
    expected: all.original,
    clones: false,
    work: (storage: FaultyDisk) => void copyImage(imageIn(storage), NEW, { storage }),
  },
  {
    what: "a changed copy that shares its bytes",
    expected: finalOf(all),
    work: (storage: FaultyDisk) => void copyImage(imageIn(storage), NEW, { storage, changes }),
  },
  {
    what: "a copy where files have one name only",
    expected: all.original,
    linksNames: false,
    work: (storage: FaultyDisk) => void copyImage(imageIn(storage), NEW, { storage }),
  },
];

describe.each(works)("$what", ({ work, expected, clones = true, linksNames = true }) => {
  const make = () => Object.assign(diskOf(all), { clones, linksNames });
  const isWhole = (disk: FaultyDisk) => disk.bytesOf(NEW)?.equals(expected);

  test("is whole or not there, wherever the power is cut, and the image is as it was", () => {
    const found = new Set<boolean | undefined>();
    cutAtEveryCall(make, work, losses(8), (disk, { words }) => {
      found.add(isWhole(disk));
      expect(isWhole(disk), words).not.toBe(false);
      expect(disk.bytesOf(IMAGE)?.equals(all.original), words).toBe(true);
    });
    expect(found).toEqual(new Set([undefined, true]));
  });

  test("is whole and lasts when it is said to be made, and has one name", () => {
    const disk = make();
    work(disk);
    const after = disk.afterCut({ share: 0, seed: 0 });
    expect(isWhole(after)).toBe(true);
    expect(after.bytesOf(DRAFT)).toBeUndefined();
    expect(after.statusOf(NEW)).toMatchObject({ linkCount: 1 });
  });

  test.each(["EIO", "ENOSPC"] as const)("leaves nothing behind where a call meets %s once", (code) => {
    failAtEveryCall(make, work, { code }, (disk, { call, error }) => {
      expect(disk.bytesOf(IMAGE)?.equals(all.original), call).toBe(true);
      expect(disk.bytesOf(DRAFT), call).toBeUndefined();
      if (error === undefined) expect(isWhole(disk), call).toBe(true);
      else {
        expect(disk.bytesOf(NEW), call).toBeUndefined();
        expect(error, call).toMatchObject({ kind: "io" });
      }
    });
  });

  test("is whole or not there where calls fail for good", () => {
    failAtEveryCall(make, work, { code: "EIO", isLasting: true }, (disk, { call, error }) => {
      if (error !== undefined) expect(error, call).toMatchObject({ kind: "io" });
      expect(isWhole(disk), call).not.toBe(false);
    });
  });
});
