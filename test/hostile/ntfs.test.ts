// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../src/bytes/index.ts";
import { openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { ATTRIBUTE } from "../../src/fs/ntfs/layout.ts";
import { copyBytes, MemorySource } from "../../src/io/index.ts";
import { auditBytes, onlyGuest } from "../audit/audits.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { children, inBlock, inRecord, value } from "../lab/ntfs/damage.ts";
import { walk } from "../lab/ntfs/listing.ts";
import { wofReparse } from "../lab/ntfs/wof.ts";
import { layNtfs, type NtfsOptions } from "../lab/ntfs.ts";

const open = (bytes: Uint8Array) => openNtfs(new MemorySource(bytes));
const error = (code: string) => expect.objectContaining({ code });

// H20
describe("an index whose inner nodes each lead to the next", () => {
  const names = Array.from({ length: 400 }, (_, index) => `d/n${String(index).padStart(4, "0")}`);
  const deep = (isRing: boolean) => {
    const volume = layNtfs({
      files: { d: { isDirectory: true, fanOut: 2 }, ...Object.fromEntries(names.map((name) => [name, ""])) },
    });
    const inner = volume
      .indexBlockOffsets("d")
      .flatMap((offset, block) => (volume.bytes[offset + 36] === 1 ? [block] : []));
    expect(inner.length).toBeGreaterThan(40);
    for (const [position, block] of inner.entries()) {
      const next = inner[position + 1] ?? (isRing ? inner[0] : undefined);
      if (next !== undefined) inBlock("d", block, children(24, next))(volume);
    }
    inRecord("d", value(ATTRIBUTE.indexRoot, children(16, inner[0] as number)))(volume);
    return open(volume.bytes);
  };

  test.each([
    { what: "for more levels than any directory has", isRing: false },
    { what: "and the last one back to the first", isRing: true },
  ])("$what ends a search and a listing", ({ isRing }) => {
    expect(() => deep(isRing).find("d/a")).toThrow(error("NTFS_INDEX_LOOP"));
    expect(() => [...deep(isRing).require("d").list()]).toThrow(error("NTFS_INDEX_LOOP"));
  });
});

// H21
describe("a name that no program could have made", () => {
  /** The file `nnnn`, renamed where it stands: in its record and in the index. */
  const renamed = (name: string) => {
    const { bytes } = layNtfs({ files: { "d/nnnn": "content" } });
    const [from, to] = [encodeUtf16("nnnn"), encodeUtf16(name)];
    expect(to).toHaveLength(from.length);
    const volume = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = volume.indexOf(from); at >= 0; at = volume.indexOf(from, at + 1)) volume.set(to, at);
    return open(bytes);
  };

  test.each([
    { what: "that goes up", name: "../x", path: "d/../x" },
    { what: "with separators", name: "a/\\b", path: "d/a/\\b" },
    { what: "with NULs", name: "a\0\0b", path: "d/a\0\0b" },
    { what: "of NULs", name: "\0\0\0\0", path: "d/\0\0\0\0" },
    { what: "with a drive", name: "C:\\a", path: "d/C:\\a" },
    { what: "of dots", name: "....", path: "d/...." },
    { what: "ending in spaces", name: "a   ", path: "d/a   " },
    { what: "of lone surrogates", name: "\udc00\ud800\udc00x", path: "d/\udc00\ud800\udc00x" },
    { what: "with escapes", name: "\x1b[2J", path: "d/\x1b[2J" },
    { what: "of a device", name: "COM1", path: "d/COM1" },
  ])("$what is listed as it is, and is no way to anything else", ({ name, path }) => {
    const volume = renamed(name);
    const [entry, ...more] = volume.require("d").list();
    expect(more).toEqual([]);
    expect(entry?.name).toBe(name);
    expect(entry?.open().path).toBe(path);
    const found = volume.find(path);
    expect(found === undefined || found.path === path).toBe(true);
  });

  test.each(["__proto__", "constructor", "toString"])("%s is a name like others", (name) => {
    const files = Object.fromEntries([[name, { content: "x", streams: { valueOf: "stream" } }]]);
    const volume = open(layNtfs({ files }).bytes);
    expect(volume.require(name).open("valueOf").sizeBytes).toBe(6);
    expect(open(layNtfs().bytes).find(name)).toBeUndefined();
  });

  test("does not lead round in circles, though two folders each name the other as the one above", () => {
    const volume = layNtfs({ files: { "a/b/c": "x" } });
    const parent = (of: string, is: string) =>
      inRecord(
        of,
        value(ATTRIBUTE.fileName, (name) => {
          name.setUint32(0, volume.recordNumber(is), true);
          name.setUint16(6, 1 + (volume.recordNumber(is) % 5), true);
        }),
      )(volume);
    // H30
    parent("a", "a/b");
    const opened = open(volume.bytes);
    expect(() => opened.require("a/b/c").paths).toThrow(error("NTFS_RECORD"));
    expect([...walk(opened.require("a"))].map(({ path }) => path)).toEqual(["a/b", "a/b/c"]);
  });
});

// H14 and H17 to H29, as an audit meets them: the hive that it needs is the file that is odd.
describe("a Windows whose hive is", () => {
  const PATH = "Windows/System32/config/SYSTEM";
  const audit = (of: (content: Uint8Array) => NonNullable<NtfsOptions["files"]>[string]) => {
    const plain = { release: "ws2012r2" } as const;
    const system = open(windowsVolume(plain)).require(PATH).open();
    const content = copyBytes(system, 0, system.sizeBytes);
    const volume = windowsVolume(plain, { files: { [PATH]: of(content) } });
    const report = auditBytes(CONTAINERS.raw(layGpt([volume])));
    return report.error?.code ?? onlyGuest(report).os.id;
  };

  test.each<{ what: string; of: Parameters<typeof audit>[0]; outcome: string }>([
    { what: "fragmented", of: (content) => ({ content, storage: "fragmented" }), outcome: "ws2012r2" },
    { what: "compressed", of: (content) => ({ content, storage: "compressed" }), outcome: "ws2012r2" },
    { what: "encrypted", of: (content) => ({ content, flags: 0x4000 }), outcome: "NTFS_ENCRYPTED" },
    { what: "a folder", of: () => ({ isDirectory: true }), outcome: "NTFS_IS_A_DIRECTORY" },
    { what: "empty", of: () => "", outcome: "REGF_NOT" },
    {
      what: "all hole",
      of: (content) => ({ content: new Uint8Array(content.length), storage: "sparse" }),
      outcome: "REGF_NOT",
    },
    {
      what: "in the cloud",
      of: (content) => ({ content, reparse: { tag: 0x9000_001a, data: new Uint8Array(8) } }),
      outcome: "NTFS_REPARSE",
    },
    {
      what: "of an unknown tag",
      of: (content) => ({ content, reparse: { tag: 0xdead_beef } }),
      outcome: "NTFS_REPARSE",
    },
    {
      what: "in a WIM file",
      of: (content) => ({
        content,
        reparse: wofReparse(0, { provider: 1 }),
      }),
      outcome: "WOF_UNSUPPORTED",
    },
    {
      what: "half written",
      of: (content) => ({ content, storage: "clusters", initializedSizeBytes: 5000 }),
      outcome: "GUEST_UNREADABLE",
    },
  ])("$what is $outcome", ({ of, outcome }) => {
    expect(audit(of)).toBe(outcome);
  });
});

// H27
test.each([
  { byte: 0x00, logFile: "unreadable" },
  { byte: 0x41, logFile: "unreadable" },
  { byte: 0x80, logFile: "unreadable" },
  { byte: 0xff, logFile: "empty" },
])("a log file of nothing but $byte is $logFile, and the files are read", ({ byte, logFile }) => {
  const volume = open(layNtfs({ logFile: new Uint8Array(16_384).fill(byte), files: { a: "x" } }).bytes);
  expect(readNtfsState(volume).logFile).toBe(logFile);
  expect(volume.require("a").open().sizeBytes).toBe(1);
});
