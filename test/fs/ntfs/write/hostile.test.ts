import fc from "fast-check";
import { expect, test } from "vitest";
import { VmguestError } from "../../../../src/errors.ts";
import { NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay } from "../../../../src/io/index.ts";
import { thrownBy } from "../../../lab/ntfs/damage.ts";
import { editProtected } from "../../../lab/ntfs/edit.ts";
import { layNtfs } from "../../../lab/ntfs.ts";
import { ADMIN_ONLY, AT, NOW, noise } from "./volumes.ts";

const RUNS = Number(process.env["VMGUEST_NTFS_RUNS"] ?? 60);

const volume = layNtfs({
  spareClusters: 60,
  spareRecords: 5,
  descriptors: new Map([[0x100, ADMIN_ONLY]]),
  indexBlockSizeBytes: 1024,
  files: {
    hive: { content: noise(30_000), storage: "fragmented" },
    "small.ini": "small",
    ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`d/long name ${index}`, `${index}`])),
  },
});

/** The records that the operations go through, and the blocks of a directory. */
const REGIONS: [start: number, length: number][] = [
  ...[0, 1, 5, 6, 9].map((index): [number, number] => [volume.recordOffset(index), 1024]),
  ...["d", "hive", "small.ini", "d/long name 30"].map((path): [number, number] => [
    volume.recordOffset(volume.recordNumber(path)),
    1024,
  ]),
  ...volume.indexBlockOffsets("d").map((offset): [number, number] => [offset, 1024]),
];

function expectTyped(work: () => unknown): void {
  const thrown = thrownBy(work);
  if (thrown === undefined || thrown instanceof VmguestError) return;
  expect.unreachable(`${thrown instanceof Error ? thrown.stack : thrown}`);
}

function exercise(bytes: Uint8Array): void {
  expectTyped(() => {
    const writer = NtfsWriter.open(new Overlay(new MemorySource(bytes)));
    expectTyped(() => writer.extend("hive", 60_000, { time: NOW }));
    expectTyped(() => writer.overwrite("hive", 10_000, noise(10_000), "arming"));
    expectTyped(() => writer.replaceContent("small.ini", noise(3000), { time: NOW }));
    for (let index = 0; index < 12; index++) {
      expectTyped(() => {
        const path = `d/a long name ${(index * 7) % 12}`;
        const made = writer.createFile(path, noise(index * 300), AT);
        if (index % 3 === 0) writer.deleteFile(path, made, AT);
      });
    }
    expectTyped(() => {
      const made = writer.createDirectory("d/long name 3/sub", AT);
      writer.deleteDirectory("d/long name 3/sub", made, AT);
    });
  });
}

test("a volume that says nonsense gives a typed error or is written to, and nothing hangs", () => {
  const change = fc.record({
    region: fc.nat(REGIONS.length - 1),
    at: fc.nat(1023),
    byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = volume.bytes.slice();
      // What says where the update sequence is comes last: the others are put under it.
      for (const { region, at, byte } of changes.toSorted((one, other) => other.at - one.at)) {
        const [start, length] = REGIONS[region] ?? expect.unreachable();
        // As if it had always been so: a broken update sequence would hide all else.
        if (at < 8) bytes[start + at] = byte;
        else editProtected(bytes, start, length, (record) => record.setUint8(at, byte));
      }
      // The mirror says the same, or nothing would be written at all.
      const { mirror, table } = { mirror: mirrorOf(), table: volume.recordOffset(0) };
      bytes.copyWithin(mirror, table, table + 4 * 1024);
      exercise(bytes);
    }),
    { numRuns: RUNS },
  );
});

/** Where the boot sector says that the mirror is. */
function mirrorOf(): number {
  return Number(new DataView(volume.bytes.buffer).getBigUint64(0x38, true)) * volume.clusterSizeBytes;
}
