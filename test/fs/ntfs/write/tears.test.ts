import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileRecord } from "../../../../src/fs/ntfs/file-record.ts";
import { FileRecordHeader } from "../../../../src/fs/ntfs/layout.ts";
import { HOLE } from "../../../../src/fs/ntfs/runs.ts";
import { QuickScan } from "../../../../src/fs/ntfs/write/quick-scan.ts";
import { RecordEditor } from "../../../../src/fs/ntfs/write/record-editor.ts";
import { readBytes } from "../../../../src/io/index.ts";
import { AT, bench, lay, NOW, noise, SECTOR_63, unaligned } from "./volumes.ts";

const HIVE = noise(40_960);

describe("what could be cut in half", () => {
  const laid = { files: { SYSTEM: HIVE, "a.txt": "a" } };

  test("is nothing where clusters and volume lie on pages", () => {
    const { writer } = bench(lay(laid));
    writer.createFile("b.txt", noise(100), AT);
    writer.overwrite("SYSTEM", 4096, noise(8192, 7), "arming");
    writer.replaceContent("a.txt", noise(9000), { time: NOW });
    expect(writer.isSoundThroughout).toBe(true);
    expect(writer.findings).toEqual([]);
  });

  test.each([
    { what: "bytes on either side of a page of the disk", changed: [500, 520], isSound: false },
    { what: "bytes of one page of the disk", changed: [600, 4000], isSound: true },
    { what: "the first sector alone", changed: [4, 8], isSound: true },
  ])(
    "is a page of a file of which $what change, where a volume begins at sector 63",
    ({ changed, isSound }) => {
      const { writer, overlay } = bench(unaligned(lay(laid)), SECTOR_63);
      // Sector 63 is the last one of a page of the disk, so that every page of a file begins with that one.
      const page = HIVE.slice(8192, 12_288);
      for (const at of changed) page[at] = (page[at] ?? 0) ^ 0xff;
      writer.overwrite("SYSTEM", 8192, page, "arming");
      expect(writer.isSoundThroughout).toBe(isSound);
      if (!isSound)
        expect(writer.findings).toMatchObject([{ code: "NTFS_WRITE_TEARABLE", where: { path: "SYSTEM" } }]);
      expect(overlay.changes()).toHaveLength(1);
    },
  );

  test("is a page of a file that two changes of one round touch, and not of two rounds", () => {
    for (const hasFence of [false, true]) {
      const { writer, overlay } = bench(unaligned(lay(laid)), SECTOR_63);
      writer.overwrite("SYSTEM", 8192, noise(100, 5), "arming");
      if (hasFence) overlay.fence();
      writer.overwrite("SYSTEM", 9000, noise(100, 5), "arming");
      expect(writer.isSoundThroughout).toBe(hasFence);
    }
  });

  test("is not told of an operation that fails", () => {
    const { writer } = bench(unaligned(lay({ ...laid, spareClusters: 5 })), SECTOR_63);
    expect(() => writer.extend("SYSTEM", 2 ** 22, { time: NOW })).toThrow();
    expect(writer.findings).toEqual([]);
  });

  test("is the first record of $MFT, which is written twice where the table grows", () => {
    const { writer } = bench(lay({ spareRecords: 0, files: { "a.txt": "a" } }));
    for (let index = 0; index < 5; index++) writer.createFile(`${index}.txt`, noise(20), AT);
    expect(writer.findings).toMatchObject([{ where: { path: "$MFT", structure: "FILE record 0" } }]);
  });
});

test("the update sequence of a record goes on with every write", () => {
  const volume = bench().open();
  const editor = RecordEditor.of(volume.context.mft.record(5));
  const sequences = [editor.seal(), editor.seal(), editor.seal()].map((bytes) => {
    const view = new DataView(bytes.buffer);
    return view.getUint16(new FileRecordHeader(view).usaOffset, true);
  });
  expect(new Set(sequences).size).toBe(3);
});

test("identifiers of attributes begin again after 65,535, and none is given twice", () => {
  const volume = bench().open();
  const editor = RecordEditor.of(volume.context.mft.record(5));
  editor.header.nextAttributeId = 0xffff;
  const known = volume.context.mft.record(5).attributes.map(({ id }) => id);
  expect(editor.takeId()).toBe(0xffff);
  expect(known).not.toContain(editor.takeId());
});

test("the quick scan of a record finds what the reader finds, or leaves it to the reader", () => {
  const bytes = lay({
    files: {
      "large.bin": { content: noise(90_000), storage: "fragmented", pieceClusters: 1 },
      "hole.bin": { content: noise(90_000), storage: "sparse" },
      "d/a.txt": "a",
    },
  });
  const volume = bench(bytes).open();
  const { clusterCount, recordSizeBytes } = volume.geometry;
  const table = volume.openRecord(0, "$MFT").open();
  const records = Array.from({ length: table.sizeBytes / recordSizeBytes }, (_, number) =>
    readBytes(table, number * recordSizeBytes, recordSizeBytes).slice(),
  );
  const readerRuns = (record: Uint8Array, recordNumber: number) => {
    const runs: string[] = [];
    for (const attribute of FileRecord.parse(record.slice(), recordNumber).attributes) {
      if (attribute.isResident) continue;
      const { runCount, vcns, lcns } = attribute.decodeRuns(clusterCount);
      for (let run = 0; run < runCount; run++) {
        if (lcns[run] !== HOLE) runs.push(`${lcns[run]}+${(vcns[run + 1] ?? 0) - (vcns[run] ?? 0)}`);
      }
    }
    return runs;
  };
  const quickRuns = (record: Uint8Array, recordNumber: number) => {
    const runs: string[] = [];
    const use = (lcn: number, lengthClusters: number) => runs.push(`${lcn}+${lengthClusters}`);
    const quick = new QuickScan(record.slice(), { recordSizeBytes, clusterCount, use });
    return quick.scan(0, recordNumber) ? runs : undefined;
  };
  const written = [...records.entries()].filter(([, record]) => record[0] === 0x46);
  for (const [number, record] of written)
    expect(quickRuns(record, number)).toEqual(readerRuns(record, number));
  fc.assert(
    fc.property(
      fc.constantFrom(...written),
      fc.array(fc.tuple(fc.integer({ min: 4, max: 600 }), fc.integer({ min: 0, max: 255 })), {
        maxLength: 3,
      }),
      ([number, record], changes) => {
        const damaged = record.slice();
        for (const [at, value] of changes) damaged[at] = value;
        const quick = quickRuns(damaged, number);
        if (quick !== undefined) expect(quick).toEqual(readerRuns(damaged, number));
      },
    ),
    { numRuns: 2000 },
  );
});
