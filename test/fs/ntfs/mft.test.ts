import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { ATTRIBUTE, BootSector, FileRecordHeader, RECORD } from "../../../src/fs/ntfs/layout.ts";
import { MemorySource, readBytes } from "../../../src/io/index.ts";
import { header, inRecord, listEntry } from "../../lab/ntfs/damage.ts";
import { type LabVolume, layNtfs, type NtfsOptions } from "../../lab/ntfs.ts";

const files = Object.fromEntries(
  Array.from({ length: 120 }, (_, index) => [`file ${index}`, `content ${index}`]),
);
const open = ({ bytes }: LabVolume) => openNtfs(new MemorySource(bytes));

function contents(volume: LabVolume): Record<string, string> {
  const opened = open(volume);
  return Object.fromEntries(
    Object.keys(files).map((path) => {
      const source = opened.require(path).open();
      return [path, Buffer.from(readBytes(source, 0, source.sizeBytes)).toString()];
    }),
  );
}

describe("a master file table", () => {
  test.each([
    { what: "in one piece", options: {} },
    { what: "in one piece of 512-byte clusters", options: { clusterSizeBytes: 512 } },
    { what: "in clusters of 64 KiB", options: { clusterSizeBytes: 65_536 } },
    { what: "in pieces", options: { mftPieces: 7 } },
    { what: "in pieces, with records across them", options: { mftPieces: 40, clusterSizeBytes: 512 } },
    { what: "in extension records", options: { mftPieces: 7, mftAttributeList: "resident" } },
    {
      what: "in extension records that a list in clusters names",
      options: { mftPieces: 7, mftAttributeList: "clusters" },
    },
    { what: "of 4096-byte records", options: { sectorSizeBytes: 4096, recordSizeBytes: 4096, mftPieces: 3 } },
    {
      what: "of 4096-byte records in small clusters",
      options: { recordSizeBytes: 4096, clusterSizeBytes: 1024 },
    },
    { what: "of NTFS 3.0", options: { version: [3, 0], mftPieces: 3 } },
  ] satisfies { what: string; options: NtfsOptions }[])("$what gives every file", ({ options }) => {
    expect(contents(layNtfs({ ...options, files }))).toEqual(files);
  });

  test("with a damaged first record is read by its copy in $MFTMirr, which is noted", () => {
    const volume = layNtfs({ files, label: "kept" });
    for (const recordNumber of [RECORD.mft, RECORD.volume]) {
      const at = volume.recordOffset(recordNumber);
      volume.bytes.fill(0x55, at, at + 1024);
    }
    const opened = open(volume);
    expect(opened.label).toBe("kept");
    expect(opened.require("file 119").sizeBytes).toBe(11);
    expect(opened.findings.map(({ code, where }) => [code, where.structure])).toEqual([
      ["NTFS_MFT_DAMAGED", "FILE record 0"],
      ["NTFS_MFT_DAMAGED", "FILE record 3"],
    ]);
  });

  test("with both copies of its record damaged is NTFS_RECORD, and says what the first one has", () => {
    const volume = layNtfs();
    const { mftMirrorCluster } = new BootSector(new DataView(volume.bytes.buffer));
    volume.bytes.fill(0, volume.recordOffset(0), volume.recordOffset(0) + 1024);
    volume.bytes.fill(1, mftMirrorCluster * 4096, mftMirrorCluster * 4096 + 1024);
    expect(() => open(volume)).toThrow(
      expect.objectContaining({ code: "NTFS_RECORD", message: expect.stringContaining("it is empty") }),
    );
  });

  test("without data is NTFS_ATTRIBUTE_MISSING", () => {
    const volume = layNtfs();
    inRecord(RECORD.mft, (record) => {
      const { firstAttribute, usedSize } = new FileRecordHeader(record);
      for (let at = firstAttribute; at < usedSize - 8; at += record.getUint32(at + 4, true)) {
        if (record.getUint32(at, true) === ATTRIBUTE.data) record.setUint32(at, 0x88, true);
      }
    })(volume);
    expect(() => open(volume)).toThrow(expect.objectContaining({ code: "NTFS_ATTRIBUTE_MISSING" }));
  });

  const spread = { files, mftPieces: 5, mftAttributeList: "resident" } as const;

  test("whose extension record lies in the very piece that it describes is NTFS_ATTRIBUTE_LIST", () => {
    const volume = layNtfs(spread);
    // The record of a file in the last piece, made out to be the one that maps the second piece.
    const recordNumber = volume.recordCount - 1;
    inRecord(RECORD.mft, listEntry(1, { record: recordNumber, sequence: 1 }))(volume);
    const opened = open(volume);
    expect(() => opened.find("file 100")?.open()).toThrow(
      expect.objectContaining({ code: "NTFS_ATTRIBUTE_LIST" }),
    );
  });

  test("whose first piece stands in an extension record is a typed error", () => {
    const volume = layNtfs(spread);
    inRecord(RECORD.mft, listEntry(0, { record: 16, sequence: 3 }))(volume);
    expect(() => open(volume)).toThrow(expect.objectContaining({ code: "NTFS_RECORD" }));
  });

  test("with a lost extension record gives the files of the pieces before it", () => {
    const volume = layNtfs(spread);
    inRecord(18, header({ flags: 0 }))(volume);
    const opened = open(volume);
    expect(opened.require("file 0").sizeBytes).toBe(9);
    expect(() => opened.require("file 119")).toThrow(
      expect.objectContaining({ code: "NTFS_ATTRIBUTE_LIST", message: expect.stringContaining("record 18") }),
    );
  });

  test("has no record past its end", () => {
    const volume = layNtfs();
    expect(() => open(volume).openRecord(volume.recordCount)).toThrow(
      expect.objectContaining({
        code: "NTFS_RECORD",
        message: expect.stringContaining(`${volume.recordCount}`),
      }),
    );
  });

  test("gives metadata files by their numbers", () => {
    const volume = open(layNtfs());
    expect(volume.openRecord(RECORD.upcase, "$UpCase").sizeBytes).toBe(131_072);
    expect(volume.openRecord(RECORD.logFile)).toMatchObject({ path: "$MFT record 2", isDirectory: false });
  });
});
