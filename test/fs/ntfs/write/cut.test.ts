import { expect, test } from "vitest";
import type { NtfsVolume } from "../../../../src/fs/index.ts";
import { ATTRIBUTE } from "../../../../src/fs/ntfs/layout.ts";
import type { MadeFile, NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { readBytes } from "../../../../src/io/index.ts";
import type { NtfsOptions } from "../../../lab/ntfs.ts";
import { type CutOptions, expectSoundAtEveryCut } from "./cuts.ts";
import { AT, bench, lay, NOW, noise } from "./volumes.ts";

/** What a caller would have kept of a file when it was made. */
function made(volume: NtfsVolume, path: string): MadeFile {
  const { recordNumber, sequence } = volume.require(path);
  return { recordNumber, sequence, shortName: undefined };
}

const longName = (index: number) =>
  `${String((index * 7919) % 9973).padStart(4, "0")} ${"long name ".repeat(6)}`.trim();

/** A directory of names so long that a few of them fill a block. */
const FULL: NtfsOptions = {
  indexBlockSizeBytes: 1024,
  files: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d/${longName(index)}`, `${index}`])),
};

interface Row extends CutOptions {
  readonly what: string;
  readonly laid?: NtfsOptions;
  readonly change: (writer: NtfsWriter, volume: NtfsVolume) => void;
}

const ROWS: readonly Row[] = [
  {
    what: "a folder with a script and a package in it",
    change: (writer) => {
      writer.createDirectory("Setup", AT);
      writer.createDirectory("Setup/vmguest", AT);
      writer.createFile("Setup/vmguest/first-boot script.cmd", noise(9000), AT);
      writer.createFile("Setup/vmguest/ic.cab", noise(70_000), AT);
    },
  },
  {
    what: "a root that outgrows its record",
    laid: { files: { "d/one.txt": "1", "d/two.txt": "2", "d/three.txt": "3" } },
    change: (writer) => {
      for (let index = 0; index < 12; index++) writer.createFile(`d/${longName(index)}`, noise(3), AT);
    },
  },
  {
    what: "one name in a leaf with room",
    laid: { files: Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`d/${index}.txt`, "x"])) },
    change: (writer) => writer.createFile("d/15a.txt", noise(100), AT),
  },
  {
    what: "splits of blocks at every depth",
    laid: FULL,
    change: (writer) => {
      for (let index = 40; index < 60; index++) writer.createFile(`d/${longName(index)}`, noise(3), AT);
    },
  },
  {
    what: "the removal of names until leaves and inner nodes are empty",
    laid: FULL,
    // Files without an entry may be left whose directory is gone too.
    allowed: ["NTFS_NAME_PARENT"],
    change: (writer, volume) => {
      for (let index = 0; index < 40; index++) {
        const path = `d/${longName(index)}`;
        writer.deleteFile(path, made(volume, path), AT);
      }
      writer.deleteDirectory("d", made(volume, "d"), AT);
    },
  },
  {
    what: "the removal of every other name, and others in their places",
    laid: FULL,
    change: (writer, volume) => {
      for (let index = 0; index < 40; index += 2) {
        const path = `d/${longName(index)}`;
        writer.deleteFile(path, made(volume, path), AT);
        writer.createFile(`d/${longName(index + 100)}`, noise(2000, index), AT);
      }
    },
  },
  {
    what: "contents that are replaced, made longer and changed in place",
    laid: {
      files: {
        "hive.dat": noise(20_000),
        "scripts.ini": "[Startup]",
        "large.bin": { content: noise(50_000), storage: "fragmented" },
      },
    },
    change: (writer) => {
      writer.extend("hive.dat", 60_000, { time: NOW });
      writer.replaceContent("scripts.ini", noise(400), { time: NOW });
      writer.replaceContent("large.bin", noise(3000, 9), { time: NOW, phase: "arming" });
    },
  },
  {
    what: "a table of records that grows",
    laid: { spareRecords: 0, files: { "a.txt": "a" } },
    allowed: ["NTFS_MIRROR_DIFFERS"],
    change: (writer) => {
      for (let index = 0; index < 5; index++) writer.createFile(`${index}.txt`, noise(2000, index), AT);
    },
  },
  {
    what: "files that are made and deleted again before anything is written",
    laid: FULL,
    change: (writer) => {
      for (let index = 50; index < 60; index++) {
        const file = writer.createFile(`d/${longName(index)}`, noise(3000), AT);
        if (index % 2 === 0) writer.deleteFile(`d/${longName(index)}`, file, AT);
      }
    },
  },
];

test.each(ROWS)("nothing but space is lost wherever it is cut: $what", ({ laid, change, ...options }) => {
  const bytes = lay(laid);
  const { writer, overlay, open } = bench(bytes);
  change(writer, open());
  expect(expectSoundAtEveryCut(bytes, overlay, options)).toBeGreaterThan(15);
});

test("nothing but space is lost in a directory whose bitmap of blocks is in clusters", () => {
  // A stream takes the room in the record that a bitmap of hundreds of blocks would need.
  const laid = lay({
    indexBlockSizeBytes: 1024,
    spareClusters: 400,
    spareRecords: 1000,
    files: { d: { isDirectory: true, streams: { s: { content: noise(464), storage: "resident" } } } },
  });
  const prepared = bench(laid);
  const letters = (index: number) => `${(index * 7919) % 9973} ${"x".repeat(170)}`;
  for (let index = 0; index < 900; index++) {
    prepared.writer.createFile(`d/${letters(index)}`, noise(1), { ...AT, makesShortName: false });
  }
  const bytes = readBytes(prepared.overlay, 0, prepared.overlay.sizeBytes).slice();
  const { writer, overlay, open } = bench(bytes);
  const volume = open();
  const bitmap = volume.context.mft
    .record(volume.require("d").recordNumber)
    .attributes.find(({ type }) => type === ATTRIBUTE.bitmap);
  expect(bitmap?.isResident).toBe(false);
  for (let index = 900; index < 901; index++) writer.createFile(`d/${letters(index)}`, noise(1), AT);
  for (let index = 0; index < 2; index++)
    writer.deleteFile(`d/${letters(index)}`, made(volume, `d/${letters(index)}`), AT);
  expect(expectSoundAtEveryCut(bytes, overlay, { subsetCount: 1 })).toBeGreaterThan(15);
});
