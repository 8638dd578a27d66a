import { expect, test } from "vitest";
import type { NtfsVolume } from "../../../../src/fs/index.ts";
import type { NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import type { NtfsOptions } from "../../../lab/ntfs.ts";
import { type CutOptions, expectSoundAtEveryCut } from "./cuts.ts";
import { AT, bench, lay, madeOf, NOW, noise, SECTOR_63, unaligned } from "./volumes.ts";

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
  readonly change: (writer: NtfsWriter, volume: NtfsVolume, fence: () => void) => void;
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
        writer.deleteFile(path, madeOf(volume, path), AT);
      }
      writer.deleteDirectory("d", madeOf(volume, "d"), AT);
    },
  },
  {
    what: "the removal of every other name, and others in their places",
    laid: FULL,
    change: (writer, volume) => {
      for (let index = 0; index < 40; index += 2) {
        const path = `d/${longName(index)}`;
        writer.deleteFile(path, madeOf(volume, path), AT);
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
  {
    what: "a staging: payload, then a hive that grows, then the trigger",
    laid: { files: { SYSTEM: noise(20_000), "gpt.ini": "[General]\r\nVersion=1", "Setup/x": "x" } },
    change: (writer, _volume, fence) => {
      writer.createDirectory("Setup/vmguest", AT);
      writer.createFile("Setup/vmguest/ic.cab", noise(30_000), AT);
      writer.createFile("Setup/vmguest/run.cmd", noise(400), AT);
      fence();
      writer.extend("SYSTEM", 28_672, AT);
      fence();
      for (const page of [5, 0, 6, 0]) {
        writer.overwrite("SYSTEM", page * 4096, noise(4096, page), "arming");
        fence();
      }
      writer.createFile("Setup/scripts.ini", noise(100), { ...AT, attributes: 0x22 });
      fence();
      writer.replaceContent("gpt.ini", noise(2000), AT);
    },
  },
  {
    what: "splits of a directory, each in a round of its own",
    laid: FULL,
    change: (writer, _volume, fence) => {
      for (let index = 40; index < 44; index++) {
        writer.createFile(`d/${longName(index)}`, noise(3), AT);
        fence();
      }
    },
  },
  {
    what: "a directory that is made in one round and outgrows its record in others",
    change: (writer, _volume, fence) => {
      writer.createDirectory("new", AT);
      for (let index = 0; index < 9; index++) {
        if (index % 3 === 0) fence();
        writer.createFile(`new/${longName(index)}`, noise(1000), AT);
      }
    },
  },
  {
    what: "names that go in one round and others that come in the next",
    laid: FULL,
    change: (writer, volume, fence) => {
      for (let index = 0; index < 6; index += 2) {
        writer.deleteFile(`d/${longName(index)}`, madeOf(volume, `d/${longName(index)}`), AT);
        if (index !== 2) fence();
        writer.createFile(`d/${longName(index)} again`, noise(2000, index), AT);
      }
    },
  },
  {
    what: "a content that is replaced again and again",
    laid: { files: { "gpt.ini": "[General]", "hive.dat": noise(9000) } },
    change: (writer, _volume, fence) => {
      for (const size of [500, 5000, 30, 9000]) {
        writer.replaceContent("gpt.ini", noise(size, size), AT);
        writer.replaceContent("hive.dat", noise(size + 3000, size), { ...AT, phase: "arming" });
        fence();
      }
    },
  },
];

test.each(ROWS)("nothing but space is lost wherever it is cut: $what", ({ laid, change, ...options }) => {
  const bytes = lay(laid);
  const { writer, overlay, open } = bench(bytes);
  change(writer, open(), () => overlay.fence());
  expect(expectSoundAtEveryCut(bytes, overlay, options)).toBeGreaterThan(15);
});

test("a name may go from an inner node and another come beside it in one go", () => {
  const bytes = lay(FULL);
  let innerCount = 0;
  for (let index = 0; innerCount < 3 && index < 40; index++) {
    const { writer, overlay, open } = bench(bytes);
    const path = `d/${longName(index)}`;
    writer.deleteFile(path, madeOf(open(), path), AT);
    // A name in a leaf goes where it is; one between leaves makes another tree.
    if (!overlay.changes().some(({ phase }) => phase === "records")) continue;
    innerCount++;
    writer.createFile(`${path.slice(0, 6)} z`, noise(3), { ...AT, makesShortName: false });
    expectSoundAtEveryCut(bytes, overlay, { subsetCount: 0 });
  }
  expect(innerCount).toBeGreaterThan(2);
});

/** Directories of many names, whose records and blocks lie in different places of a page. */
const MANY: NtfsOptions = {
  files: Object.fromEntries(
    Array.from({ length: 4 }, (_, folder) =>
      Array.from({ length: 10 }, (_, index) => [`d${folder}/${longName(index)}`, `${index}`]),
    ).flat(),
  ),
};

test.each([
  { what: "volumes that begin in the middle of a page", laid: MANY, volumeOffset: SECTOR_63 },
  { what: "clusters of 512 bytes", laid: { ...MANY, clusterSizeBytes: 512 }, volumeOffset: 0 },
  { what: "both", laid: { ...MANY, clusterSizeBytes: 512 }, volumeOffset: SECTOR_63 },
])("a change is sound wherever it is cut, or the writer says that it may tear: $what", (row) => {
  const volume = lay({ ...row.laid, spareClusters: 200 });
  const bytes = row.volumeOffset === 0 ? volume : unaligned(volume);
  const verdicts = { sound: 0, tearable: 0 };
  for (let folder = 0; folder < 4; folder++) {
    const { writer, overlay } = bench(bytes, row.volumeOffset);
    writer.createFile(`d${folder}/${longName(50)}`, noise(3000), AT);
    if (writer.isSoundThroughout) {
      verdicts.sound++;
      expectSoundAtEveryCut(bytes, overlay, { subsetCount: 1, volumeOffset: row.volumeOffset });
    } else {
      verdicts.tearable++;
      const { code, where } = writer.findings[0] ?? expect.unreachable();
      expect([code, where.path]).toEqual(["NTFS_WRITE_TEARABLE", "$MFT"]);
      expect(() =>
        expectSoundAtEveryCut(bytes, overlay, { subsetCount: 1, volumeOffset: row.volumeOffset }),
      ).toThrow();
    }
  }
  expect(verdicts.sound).toBeGreaterThan(0);
  if (row.volumeOffset > 0) expect(verdicts.tearable).toBeGreaterThan(0);
});
