import { expect, test } from "vitest";
import { ATTRIBUTE } from "../../src/fs/ntfs/layout.ts";
import { readBytes } from "../../src/io/index.ts";
import { expectSoundAtEveryCut, type Listing, listingOf } from "../fs/ntfs/write/cuts.ts";
import { Dice } from "../fs/ntfs/write/dice.ts";
import { VolumeModel } from "../fs/ntfs/write/volume-model.ts";
import { AT, bench, lay, madeOf, noise, SECTOR_63, unaligned } from "../fs/ntfs/write/volumes.ts";

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
    writer.deleteFile(`d/${letters(index)}`, madeOf(volume, `d/${letters(index)}`), AT);
  expect(expectSoundAtEveryCut(bytes, overlay, { subsetCount: 1 })).toBeGreaterThan(15);
});

/** Operations before the ones that are cut, so that there are directories of several levels. */
const PREPARATIONS = 150;
const OPERATIONS = 12;

test.each(Array.from({ length: 12 }, (_, seed) => ({ seed })))(
  "random operations with fences between them lose nothing but space wherever they are cut: seed $seed",
  ({ seed }) => {
    const dice = new Dice(seed);
    const clusterSizeBytes = dice.of([512, 1024, 4096, 4096]) ?? 4096;
    const volume = lay({
      clusterSizeBytes,
      indexBlockSizeBytes: 1024,
      spareClusters: 1200,
      spareRecords: 300,
    });
    const volumeOffset = seed % 3 === 0 ? SECTOR_63 : 0;
    const model = new VolumeModel({
      dice,
      create: AT,
      shares: { createDirectory: 3, deleteDirectory: 3, deleteFile: 30, extend: 8, overwrite: 0, replace: 8 },
      filesMax: 70,
      directoriesMax: 2,
      sizes: [10, 600, 3000],
    });
    const prepared = bench(volumeOffset === 0 ? volume : unaligned(volume), volumeOffset);
    for (let turn = 0; turn < PREPARATIONS; turn++) model.operate(prepared.writer);
    const bytes = readBytes(prepared.overlay, 0, prepared.overlay.sizeBytes).slice();
    const { writer, overlay, open } = bench(bytes, volumeOffset);
    const between: Listing[] = [];
    for (let turn = 0; turn < OPERATIONS; turn++) {
      if (dice.next(4) === 0) overlay.fence();
      model.operate(writer);
      between.push(listingOf(open()));
    }
    // The records that the directories got lie in one page each, on unaligned volumes too.
    expect(writer.findings).toEqual([]);
    expect(
      expectSoundAtEveryCut(bytes, overlay, { subsetCount: 4, seed, between, volumeOffset }),
    ).toBeGreaterThan(10);
  },
);
