import { describe, expect, test } from "vitest";
import { ATTRIBUTE, NAMESPACE } from "../../../../src/fs/ntfs/layout.ts";
import { NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay, WritableSlice } from "../../../../src/io/index.ts";
import type { FileOptions } from "../../../lab/ntfs.ts";
import { AT, bench, contentOf, expectSound, lay, madeOf, NOW, namesIn, noise } from "./volumes.ts";

const READ_ONLY = 1;
const HIDDEN = 2;
const SYSTEM = 4;
const DIRECTORY = 0x10;
const ARCHIVE = 0x20;
const POLICY = "Windows/System32/GroupPolicy";

/** The file's own attribute records, by type and name. */
function attributesOf({ open }: Pick<ReturnType<typeof bench>, "open">, path: string): [number, string][] {
  const volume = open();
  const record = volume.context.mft.record(volume.require(path).recordNumber);
  return record.attributes.map(({ type, name }) => [type, name]);
}

describe("what a staging makes", () => {
  test("directories may be hidden and of the system, and hold others", () => {
    const made = bench(lay({ files: { "Windows/System32/x.dll": "x" } }));
    const attributes = HIDDEN + SYSTEM;
    made.writer.createDirectory(POLICY, { ...AT, attributes });
    made.writer.createDirectory(`${POLICY}/Machine`, AT);
    made.writer.createFile(`${POLICY}/gpt.ini`, noise(120), AT);
    const volume = made.open();
    expect(volume.require(POLICY).attributes).toBe(HIDDEN + SYSTEM + DIRECTORY);
    expect(volume.require(POLICY).isDirectory).toBe(true);
    expect(namesIn(volume, POLICY)).toEqual(["gpt.ini", "Machine"]);
    expectSound(made.overlay);
  });

  test("a directory that is hidden and of the system takes new files", () => {
    const laid = bench(
      lay({ files: { [POLICY]: { isDirectory: true, attributes: HIDDEN + SYSTEM }, "Windows/x": "x" } }),
    );
    laid.writer.createDirectory(`${POLICY}/Machine`, AT);
    laid.writer.createFile(`${POLICY}/Machine/scripts.ini`, noise(60), {
      ...AT,
      attributes: HIDDEN + ARCHIVE,
    });
    expect(contentOf(laid.open(), `${POLICY}/Machine/scripts.ini`)).toEqual(Buffer.from(noise(60)));
    expect(laid.open().require(POLICY).attributes).toBe(HIDDEN + SYSTEM + DIRECTORY);
    expectSound(laid.overlay);
  });
});

describe("a content that takes the place of another", () => {
  const kinds: readonly (FileOptions & { readonly what: string })[] = [
    { what: "that stood in the record", content: "[General]\r\nVersion=65537" },
    { what: "that stood in clusters", content: noise(30_000) },
    { what: "in pieces", content: noise(30_000), storage: "fragmented" },
    { what: "of no bytes", content: "" },
    { what: "that is read-only", content: "x", attributes: READ_ONLY + ARCHIVE },
    { what: "that is hidden and of the system", content: "x", attributes: HIDDEN + SYSTEM },
    { what: "with a short name of its own", content: "x", shortName: "SETUPC~1.CMD" },
    { what: "with one name for all", content: "x", namespace: NAMESPACE.win32AndDos },
    { what: "with a second stream", content: "x", streams: { "Zone.Identifier": "[ZoneTransfer]" } },
  ];

  test.each(kinds)("takes that of a file $what", ({ what: _, ...file }) => {
    for (const sizeBytes of [200, 20_000]) {
      const laid = bench(lay({ files: { "Scripts/SetupComplete.cmd": file, "Scripts/y": "y" } }));
      const before = laid.open().require("Scripts/SetupComplete.cmd");
      laid.writer.replaceContent("Scripts/SetupComplete.cmd", noise(sizeBytes), { time: NOW });
      const volume = laid.open();
      const after = volume.require("Scripts/SetupComplete.cmd");
      expect(contentOf(volume, "Scripts/SetupComplete.cmd")).toEqual(Buffer.from(noise(sizeBytes)));
      expect(after.attributes).toEqual(before.attributes);
      expect(after.times).toMatchObject({ created: before.times.created, modified: NOW });
      if (file.shortName !== undefined) {
        expect(volume.require(`Scripts/${file.shortName}`).sizeBytes).toBe(sizeBytes);
      }
      expectSound(laid.overlay);
    }
  });

  test("comes before the streams with a name, as they are ordered by name", () => {
    const file = { content: "x", streams: { s: "stream" } };
    const laid = bench(lay({ files: { "gpt.ini": file } }));
    laid.writer.replaceContent("gpt.ini", noise(50), { time: NOW });
    const data = attributesOf(laid, "gpt.ini").filter(([type]) => type === ATTRIBUTE.data);
    expect(data).toEqual([
      [ATTRIBUTE.data, ""],
      [ATTRIBUTE.data, "s"],
    ]);
  });
});

describe("a file that is made longer", () => {
  test("stays as it is where it is that long and written, its times too", () => {
    const laid = bench(lay({ files: { SYSTEM: noise(9000), "a.ini": "x" } }));
    laid.writer.extend("SYSTEM", 9000, { time: NOW });
    laid.writer.extend("a.ini", 1, { time: NOW });
    expect(laid.overlay.changes()).toEqual([]);
  });

  test("is written to its end even where its size stays", () => {
    const laid = bench(
      lay({ files: { SYSTEM: { content: noise(9000), storage: "clusters", initializedSizeBytes: 5000 } } }),
    );
    expect(() => laid.writer.overwrite("SYSTEM", 8000, noise(10), "data")).toThrow(
      expect.objectContaining({ code: "NTFS_WRITE_RANGE" }),
    );
    laid.writer.extend("SYSTEM", 9000, { time: NOW });
    laid.writer.overwrite("SYSTEM", 8000, noise(10), "data");
    const expected = Buffer.concat([noise(5000), new Uint8Array(4000)]);
    expected.set(noise(10), 8000);
    expect(contentOf(laid.open(), "SYSTEM")).toEqual(expected);
    expectSound(laid.overlay);
  });
});

describe("where bytes of a file lie", () => {
  test("is told range by range, and a read there gives them", () => {
    const content = noise(60_000);
    const bytes = lay({ files: { "large.bin": { content, storage: "fragmented" } } });
    const { writer } = bench(bytes);
    const ranges = writer.locate("large.bin", 5000, 40_000);
    expect(ranges.length).toBeGreaterThan(1);
    const parts = ranges.map(({ volumeOffset, length }) =>
      bytes.subarray(volumeOffset, volumeOffset + length),
    );
    expect(Buffer.concat(parts)).toEqual(Buffer.from(content.subarray(5000, 45_000)));
  });

  test("leaves out what is in the record, was never written, or is past the end", () => {
    const { writer } = bench(
      lay({
        files: {
          "small.ini": "x",
          "sparse.bin": { content: noise(9000), storage: "clusters", initializedSizeBytes: 5000 },
        },
      }),
    );
    expect(writer.locate("small.ini", 0, 1)).toEqual([]);
    expect(writer.locate("sparse.bin", 6000, 100)).toEqual([]);
    expect(writer.locate("sparse.bin", 0, 90_000).reduce((sum, { length }) => sum + length, 0)).toBe(5000);
  });
});

describe("one writer for all of a change", () => {
  test("is held to, whatever the slices that lead to the volume", () => {
    const bytes = lay();
    const overlay = new Overlay(new MemorySource(bytes));
    NtfsWriter.open(new WritableSlice(overlay, 0, bytes.length));
    expect(() => NtfsWriter.open(new WritableSlice(overlay, 0, bytes.length))).toThrow(TypeError);
    expect(() => NtfsWriter.open(new Overlay(new MemorySource(bytes)))).not.toThrow();
  });

  test("is not begun by a volume that is refused", () => {
    const overlay = new Overlay(new MemorySource(lay({ volumeFlags: 1 })));
    for (let turn = 0; turn < 2; turn++) {
      expect(() => NtfsWriter.open(overlay)).toThrow(expect.objectContaining({ code: "NTFS_DIRTY" }));
    }
  });

  test("does not give out again what it freed before a fence", () => {
    const laid = bench(lay({ spareClusters: 40, files: { "a.bin": noise(80_000), "d/x": "x" } }));
    laid.writer.deleteFile("a.bin", madeOf(laid.open(), "a.bin"), AT);
    laid.overlay.fence();
    expect(() => laid.writer.createFile("b.bin", noise(200_000), AT)).toThrow(
      expect.objectContaining({ code: "NTFS_WRITE_NO_SPACE" }),
    );
  });
});
