import { describe, expect, test } from "vitest";
import type { FileRecord } from "../../../../src/fs/ntfs/file-record.ts";
import {
  ATTRIBUTE,
  FileName,
  RECORD,
  StandardInformation,
  StandardInformationTail,
} from "../../../../src/fs/ntfs/layout.ts";
import type { RecordPhase } from "../../../../src/fs/ntfs/write/index.ts";
import type { Phase } from "../../../../src/io/index.ts";
import { AT, bench, contentOf, expectSound, lay, NOW, noise } from "./volumes.ts";

/** The record of a file that has just been made at `path` in the folder `d`. */
function recordOf(path: string, content: Uint8Array | undefined): FileRecord {
  const { writer, open } = bench(lay({ files: { "d/neighbour.txt": "x" } }));
  if (content === undefined) writer.createDirectory(path, AT);
  else writer.createFile(path, content, AT);
  const volume = open();
  return volume.context.mft.record(volume.require(path).recordNumber);
}

const attribute = (record: FileRecord, type: number) =>
  record.attributes.find((one) => one.type === type) ?? expect.unreachable();

describe("a record that was made obeys chkdsk:", () => {
  test("names carry the indexed flag", () => {
    const record = recordOf("d/A long name.txt", noise(5));
    const names = record.attributes.filter(({ type }) => type === ATTRIBUTE.fileName);
    expect(names.map(({ view }) => view.getUint8(0x16))).toEqual([1, 1]);
  });

  test("the bytes in use end 8 bytes after the end marker begins", () => {
    const record = recordOf("d/a.txt", noise(5));
    const { usedSize } = record.header;
    expect(record.view.getUint32(usedSize - 8, true)).toBe(0xffffffff);
  });

  test("references carry the sequence of what they refer to", () => {
    const { writer, open } = bench(lay({ files: { "d/neighbour.txt": "x" } }));
    const made = writer.createFile("d/a.txt", noise(5), AT);
    const volume = open();
    const record = volume.context.mft.record(made.recordNumber);
    const name = new FileName(attribute(record, ATTRIBUTE.fileName).value);
    expect([name.parentRecord, name.parentSequence]).toEqual([
      volume.require("d").recordNumber,
      volume.require("d").sequence,
    ]);
    expect(record.header.sequence).toBe(made.sequence);
    // Entries with a stale sequence would be no names.
    expect(volume.require("d/a.txt").sequence).toBe(made.sequence);
  });

  test.each([
    { sizeBytes: 5, allocatedBytes: 8 },
    { sizeBytes: 5000, allocatedBytes: 8192 },
  ])("names repeat the sizes of $sizeBytes bytes of data", ({ sizeBytes, allocatedBytes }) => {
    const name = new FileName(attribute(recordOf("d/a.txt", noise(sizeBytes)), ATTRIBUTE.fileName).value);
    expect([name.dataSize, name.allocatedSize]).toEqual([sizeBytes, allocatedBytes]);
  });

  test("names of directories say so, and the information about them does not", () => {
    const record = recordOf("d/sub", undefined);
    expect(new FileName(attribute(record, ATTRIBUTE.fileName).value).flags).toBe(0x1000_0000);
    const { value } = attribute(record, ATTRIBUTE.standardInformation);
    expect(new StandardInformation(value).attributes).toBe(0);
    expect(record.header.flags).toBe(3);
  });

  test("the information has 72 bytes with a shared descriptor, and there is none of its own", () => {
    const record = recordOf("d/a.txt", noise(5));
    const { value } = attribute(record, ATTRIBUTE.standardInformation);
    expect(value.byteLength).toBe(72);
    expect(new StandardInformationTail(value, StandardInformation.sizeBytes).securityId).toBe(0x100);
    expect(record.attributes.map(({ type }) => type)).not.toContain(ATTRIBUTE.securityDescriptor);
  });

  test("all times are the one that was given, and the directory's own tell of the change", () => {
    const { writer, open } = bench(lay({ files: { "d/neighbour.txt": "x" } }));
    const before = open().require("d").times;
    writer.createFile("d/a.txt", noise(5), AT);
    const { times } = open().require("d/a.txt");
    expect(times).toEqual({ created: NOW, modified: NOW, changed: NOW, accessed: NOW });
    expect(open().require("d").times).toEqual({ ...before, modified: NOW, changed: NOW });
  });

  test("links are counted with the short name", () => {
    expect(recordOf("d/A long name.txt", noise(5)).header.linkCount).toBe(2);
    expect(recordOf("d/short.txt", noise(5)).header.linkCount).toBe(1);
  });

  test("a record that was used before keeps the sequence that it was left with", () => {
    const bytes = lay();
    const { writer, overlay } = bench(bytes);
    const first = writer.createFile("a.txt", noise(5), AT);
    writer.deleteFile("a.txt", first, AT);
    const { writer: next, overlay: then } = bench(new Uint8Array(overlay.read(0, overlay.sizeBytes).buffer));
    const second = next.createFile("b.txt", noise(5), AT);
    expect(second).toEqual({ ...first, sequence: first.sequence + 1 });
    expectSound(then);
  });
});

describe("the phases", () => {
  /** The phases in which an operation changes the volume, data left out. */
  function phasesOf(work: (writer: ReturnType<typeof bench>["writer"]) => void): Phase[] {
    const { writer, overlay } = bench(lay({ files: { "d/hive": noise(9000) } }));
    work(writer);
    return overlay.changes().map(({ phase }) => phase);
  }

  test("of a new file are those in which nothing refers to what is not there", () => {
    expect(phasesOf((writer) => void writer.createFile("d/a.bin", noise(9000), AT))).toEqual([
      "data",
      "allocation",
      "records",
      "index",
    ]);
  });

  test("of bytes that are overwritten are the caller's", () => {
    expect(phasesOf((writer) => writer.overwrite("d/hive", 4096, noise(100), "arming"))).toEqual(["arming"]);
  });

  test("of another content are its own, and clusters are given back last", () => {
    const work = (phase: RecordPhase) =>
      phasesOf((writer) => writer.replaceContent("d/hive", noise(5000), { time: NOW, phase }));
    expect(work("records")).toEqual(["data", "allocation", "records", "index", "release"]);
    expect(work("arming")).toEqual(["data", "allocation", "index", "arming", "release"]);
  });
});

test("clusters that $Bitmap calls free are not taken while a record uses them", () => {
  const laid = lay({ files: { "d/used.bin": noise(40_000) }, spareClusters: 20 });
  const volume = bench(laid).open();
  const runOf = (recordNumber: number) => {
    const { lcns, vcns } = attribute(volume.context.mft.record(recordNumber), ATTRIBUTE.data).decodeRuns(1e6);
    return { lcn: lcns[0] ?? 0, count: vcns[1] ?? 0 };
  };
  const used = runOf(volume.require("d/used.bin").recordNumber);
  const bitmapAt = runOf(RECORD.bitmap).lcn * 4096;
  for (let lcn = used.lcn; lcn < used.lcn + used.count; lcn++) {
    const at = bitmapAt + Math.floor(lcn / 8);
    laid[at] = (laid[at] ?? 0) & ~(1 << (lcn % 8));
  }
  const { writer, open } = bench(laid);
  for (let index = 0; index < 5; index++) writer.createFile(`d/${index}.bin`, noise(3 * 4096, index), AT);
  expect(contentOf(open(), "d/used.bin")).toEqual(Buffer.from(noise(40_000)));
  expect(() => writer.createFile("d/more.bin", noise(8 * 4096), AT)).toThrow(/clusters are needed/);
});

test("what an operation that fails had changed is as it was", () => {
  const { writer, overlay, open } = bench(lay({ spareClusters: 12 }));
  writer.createFile("before.bin", noise(5000), AT);
  const kept = Buffer.from(new Uint8Array(overlay.read(0, overlay.sizeBytes).buffer));
  expect(() => writer.createFile("a long name.bin", noise(500_000), AT)).toThrow(/clusters are needed/);
  expect(() => writer.createFile("missing/a.txt", noise(5), AT)).toThrow(/no such file/);
  expect(Buffer.from(new Uint8Array(overlay.read(0, overlay.sizeBytes).buffer)).equals(kept)).toBe(true);
  writer.createFile("a long name.bin", noise(5000, 2), AT);
  expectSound(overlay);
  expect(contentOf(open(), "a long name.bin")).toEqual(Buffer.from(noise(5000, 2)));
});
