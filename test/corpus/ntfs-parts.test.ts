import { describe, expect, test } from "vitest";
import { attributeEntries } from "../../src/fs/ntfs/attribute-list.ts";
import { readGeometry } from "../../src/fs/ntfs/boot.ts";
import { FileRecord } from "../../src/fs/ntfs/file-record.ts";
import { FindingLog } from "../../src/fs/ntfs/finding-log.ts";
import { IndexNode } from "../../src/fs/ntfs/index-node.ts";
import { ATTRIBUTE, IndexRoot } from "../../src/fs/ntfs/layout.ts";
import { readLogState } from "../../src/fs/ntfs/log-state.ts";
import { Mft } from "../../src/fs/ntfs/mft.ts";
import { type ByteSource, MemorySource } from "../../src/io/index.ts";
import { readTar, SparseSource } from "../lab/ntfs/packed-images.ts";
import { readFixture } from "../support/fixtures.ts";

describe("$MFT in very many pieces", () => {
  test("dissect: 238 runs, of which the later ones stand in an extension record", () => {
    const csv = readFixture("ntfs/parts/dissect-ntfs_fragmented_mft.csv").toString("latin1");
    const chunks = csv
      .trim()
      .split("\n")
      .map((line) => line.split(","))
      .map(([offset, hex = ""]) => ({ offset: Number(offset), bytes: Buffer.from(hex.trim(), "hex") }));
    expect(runsOfMft(new SparseSource(2 ** 40, chunks))).toHaveLength(238);
  });

  test("go-ntfs: the runs that its authors recorded", () => {
    const members = readTar(readFixture("ntfs/parts/go-ntfs-highly_fragmented_mft.tar"));
    const chunks = [...members]
      .filter(([name]) => name.endsWith(".bin"))
      .map(([name, bytes]) => ({ offset: Number(name.replace(/.*\/(0x[0-9a-f]+)\.bin/, "$1")), bytes }));
    const golden = Buffer.from(members.get("highly_fragmented_mft/fixtures/runs.golden") ?? []).toString();
    const recorded = [
      ...golden.matchAll(/FileOffset (\d+) -> DiskOffset (\d+) \(Length (\d+), {2}Cluster 4096\)/g),
    ];
    expect(recorded.length).toBeGreaterThan(100);
    expect(runsOfMft(new SparseSource(2 ** 40, chunks))).toEqual(
      recorded.map(([, vcn, lcn, length]) => [Number(vcn), Number(lcn), Number(length)]),
    );
  });
});

describe("boot sectors of volumes made by Windows", () => {
  test.each([
    { part: "512.boot", sector: 512, cluster: 512, record: 1024 },
    { part: "4k.boot", sector: 512, cluster: 4096, record: 1024 },
    { part: "64k.boot", sector: 512, cluster: 65536, record: 1024 },
    { part: "dissect-boot_2m.bin", sector: 512, cluster: 2 ** 21, record: 1024 },
    { part: "volume_start.bin", sector: 512, cluster: 4096, record: 1024 },
    { part: "volume_start_nosc_10.bin", sector: 512, cluster: 4096, record: 1024 },
  ])("$part: clusters of $cluster bytes", ({ part, sector, cluster, record }) => {
    const bytes = readFixture(`ntfs/parts/${part}`);
    const source = new SparseSource(2 ** 40, [{ offset: 0, bytes: bytes.subarray(0, 512) }]);
    const found: unknown[] = [];
    expect(readGeometry(source, { add: (finding) => found.push(finding) })).toMatchObject({
      sectorSizeBytes: sector,
      clusterSizeBytes: cluster,
      recordSizeBytes: record,
    });
    expect(found).toEqual([]);
  });
});

describe("tables of records made by Windows", () => {
  test.each([
    { part: "4k-large", table: "4k-large.mft", recordSizeBytes: 4096 },
    { part: "unicode", table: "unicode.mft", recordSizeBytes: 1024 },
  ])("$part: every attribute that the Sleuth Kit lists has its size", ({ part, table, recordSizeBytes }) => {
    const mft = readFixture(`ntfs/parts/${table}`);
    const rows = [...readFixture(`ntfs/parts/${part}.fls`).toString().matchAll(FLS_ROW)];
    expect(rows.length).toBeGreaterThan(30);
    for (const [row, recordNumber, type, id, path = "", size] of rows) {
      const record = recordOf(mft, Number(recordNumber), recordSizeBytes);
      const found = record.attributes.find((one) => one.type === Number(type) && one.id === Number(id));
      expect([row, found?.name, sizeOf(found)]).toEqual([row, nameOf(path, Number(type)), Number(size)]);
    }
  });

  test.each([
    { table: "plaso-MFT", recordSizeBytes: 1024, used: 13_068, inUse: 11_839 },
    { table: "parts/4k-large.mft", recordSizeBytes: 4096, used: 36, inUse: 36 },
    { table: "parts/4k-large.mftmirr", recordSizeBytes: 4096, used: 4, inUse: 4 },
    { table: "parts/compressed_sparse.mft", recordSizeBytes: 1024, used: 36, inUse: 36 },
    { table: "parts/mapping_pairs_1.mft", recordSizeBytes: 1024, used: 43, inUse: 41 },
  ])(
    "$table: each written record has sound attributes and runs",
    ({ table, recordSizeBytes, used, inUse }) => {
      const mft = readFixture(`ntfs/${table}`);
      const seen = { used: 0, inUse: 0 };
      for (let number = 0; number * recordSizeBytes < mft.length; number++) {
        if (mft.readUInt32LE(number * recordSizeBytes) === 0) continue;
        const record = recordOf(mft, number, recordSizeBytes);
        for (const attribute of record.attributes) {
          if (attribute.isResident) expect(attribute.value.byteLength).toBeLessThan(recordSizeBytes);
          else expect(attribute.decodeRuns(2 ** 40).vcns.at(-1)).toBe(attribute.endVcn);
        }
        seen.used++;
        if (record.isInUse) seen.inUse++;
      }
      expect(seen).toEqual({ used, inUse });
    },
  );

  test("a record of its own that holds a whole directory gives its names", () => {
    const bytes = new Uint8Array(readFixture("ntfs/parts/mft-entry_multiple_index_root_entries"));
    const record = FileRecord.parse(bytes, 0x66f7);
    const root = record.attributes.find(({ type }) => type === ATTRIBUTE.indexRoot);
    const node = new IndexNode(root?.value ?? new DataView(new ArrayBuffer(0)), IndexRoot.sizeBytes, {});
    expect([...node.entries()].map((entry) => (entry.isEnd ? "end" : entry.name))).toEqual([
      "test_cfuncs.py",
      "TEST_F~4.PY",
      "TEST_M~2.PY",
      "test_returnfuncptrs.py",
      "end",
    ]);
  });

  test.each([
    { part: "mft-entry_single_file", number: 0x6702, types: [0x10, 0x30, 0x30, 0x80] },
    { part: "frs_ea.bin", number: 0x2af67, types: [0x10, 0x30, 0x30, 0x80, 0xd0, 0xe0] },
  ])("$part has its attributes", ({ part, number, types }) => {
    const record = FileRecord.parse(new Uint8Array(readFixture(`ntfs/parts/${part}`)), number);
    expect(record.attributes.map(({ type }) => type)).toEqual(types);
  });

  test("mft-entry_102130_fixup_issue is half written", () => {
    const bytes = new Uint8Array(readFixture("ntfs/parts/mft-entry_102130_fixup_issue"));
    expect(() => FileRecord.parse(bytes, 102_130)).toThrow(
      expect.objectContaining({ code: "NTFS_TORN_RECORD" }),
    );
  });
});

test.each([
  { log: "LogFile_7.bin", state: "clean" },
  { log: "LogFile_10.bin", state: "v2" },
])("$log is $state", ({ log, state }) => {
  expect(readLogState(new MemorySource(readFixture(`ntfs/parts/${log}`)))).toBe(state);
});

/** Type, record, attribute type and id, path, and the size after four times. */
const FLS_ROW = /^r\/r (\d+)-(\d+)-(\d+):\t(.*?)\t(?:.*?\t){4}(\d+)\t/gm;

function recordOf(mft: Buffer, recordNumber: number, recordSizeBytes: number): FileRecord {
  const start = recordNumber * recordSizeBytes;
  return FileRecord.parse(new Uint8Array(mft.subarray(start, start + recordSizeBytes)), recordNumber);
}

function sizeOf(attribute: FileRecord["attributes"][number] | undefined): number | undefined {
  return attribute?.isResident === false ? attribute.sizes.dataBytes : attribute?.value.byteLength;
}

/** The Sleuth Kit puts the stream's name behind the path, and names the index of a directory after the directory. */
function nameOf(path: string, type: number): string {
  const colon = path.lastIndexOf(":");
  return type === ATTRIBUTE.data && colon === -1 ? "" : path.slice(colon + 1);
}

/** The runs of $MFT as [first cluster of the file, first cluster on the volume, clusters]. */
function runsOfMft(volume: ByteSource): number[][] {
  const findings = new FindingLog();
  const geometry = readGeometry(volume, findings);
  const { clusterSizeBytes, clusterCount } = geometry;
  const space = { volume, clusterSizeBytes, clusterCount };
  const mft = new Mft(space, geometry, findings);
  return attributeEntries(mft.record(0), mft, space)
    .filter(({ type }) => type === ATTRIBUTE.data)
    .map((entry) => entry.load().decodeRuns(clusterCount))
    .flatMap(({ runCount, vcns, lcns }) =>
      Array.from({ length: runCount }, (_, run) => {
        const vcn = vcns[run] as number;
        return [vcn, lcns[run] as number, (vcns[run + 1] as number) - vcn];
      }),
    );
}
