import { describe, expect, test } from "vitest";
import { DirectoryRecord, RECORD_FLAGS } from "../../../src/package/iso/iso9660/layout.ts";
import { buildIso, entry, isoRecord } from "../../lab/iso9660.ts";
import { code, codes, open, patched, paths, TREE } from "./discs.ts";

import { SECTOR } from "./iso-changes.ts";

describe("Rock Ridge", () => {
  const image = buildIso({ tree: TREE, rockRidge: true });
  const root = image.bytes.length - SECTOR;

  /** A disc whose root has one file with a system use area, at the end of the names of ISO 9660. */
  function withSystemUse(
    systemUse: readonly number[],
    sharing: readonly number[] = SHARING,
  ): Uint8Array<ArrayBuffer> {
    const { bytes } = buildIso({ tree: {} });
    const directory = bytes.length - SECTOR;
    const own = { block: directory / SECTOR, sizeBytes: SECTOR };
    const records = [
      isoRecord({ name: Uint8Array.of(0), flags: RECORD_FLAGS.directory, ...own, systemUse: sharing }),
      isoRecord({ name: Uint8Array.of(1), flags: RECORD_FLAGS.directory, ...own }),
      isoRecord({ name: Buffer.from("PLAIN.;1"), flags: 0, block: 19, sizeBytes: 0, systemUse }),
    ];
    bytes.fill(0, directory);
    bytes.set(Buffer.concat(records), directory);
    return bytes;
  }

  const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer), 0, 0, 0, 0];
  const posix = (mode: number) => [...entry("PX", 12, []).subarray(0, 4), ...u32(mode)];
  const name = (text: string, flags = 0) => {
    const bytes = Buffer.from(text, "latin1");
    return [...entry("NM", 5 + bytes.length, [flags, ...bytes])];
  };
  const continued = (block: number, offset: number, sizeBytes: number) => [
    ...entry("CE", 28, []).subarray(0, 4),
    ...u32(block),
    ...u32(offset),
    ...u32(sizeBytes),
  ];
  const SHARING = [...entry("SP", 7, [0xbe, 0xef, 0]), ...posix(0o040755)];

  test.each([
    { what: "a name", use: name("a name"), path: "a name" },
    { what: "a name in UTF-8", use: name(Buffer.from("Größe").toString("latin1")), path: "Größe" },
    { what: "a name in Latin-1", use: name("Größe"), path: "Größe" },
    {
      what: "a name in pieces",
      use: [...name("one, ", 1), ...name("two, ", 1), ...name("three")],
      path: "one, two, three",
    },
    { what: "no name", use: posix(0o100644), path: "PLAIN" },
    { what: "the name of itself", use: name("", 2), path: "PLAIN" },
    { what: "an unsafe name", use: name("../x"), path: ".._x" },
    { what: "entries that are not known", use: [...entry("XX", 9, []), ...name("known")], path: "known" },
    { what: "an end before the name", use: [...entry("ST", 4, []), ...name("not seen")], path: "PLAIN" },
  ])("with $what calls a file $path", ({ use, path }) => {
    expect(paths(open(withSystemUse(use)))).toEqual([path]);
  });

  test.each([
    { what: "an entry of no size", use: [0x4e, 0x4d, 0, 1], path: "PLAIN" },
    { what: "an entry longer than the area", use: [...name("seen"), 0x50, 0x58, 44, 1], path: "seen" },
    {
      what: "a continuation beyond the image",
      use: [...name("seen"), ...continued(99_999_999, 0, 10)],
      path: "seen",
    },
    {
      what: "a continuation of many blocks",
      use: [...name("seen"), ...continued(16, 0, 100_000)],
      path: "seen",
    },
  ])("with $what keeps what came before, with a finding", ({ use, path }) => {
    const disc = open(withSystemUse(use));
    expect(paths(disc)).toEqual([path]);
    expect(codes(disc)).toEqual(["ISO_ROCK_RIDGE"]);
  });

  test("that is continued in itself ends, with a finding", () => {
    const bytes = withSystemUse([...name("seen"), ...continued(5, 100, 28)]);
    bytes.set(continued(5, 100, 28), 5 * SECTOR + 100);
    const disc = open(bytes);
    expect(paths(disc)).toEqual(["seen"]);
    expect(disc.findings).toMatchObject([
      { code: "ISO_ROCK_RIDGE", message: expect.stringContaining("without end") },
    ]);
  });

  test("with a name of thousands of bytes uses the plain one, with a finding", () => {
    const bytes = withSystemUse([...name("a", 1), ...continued(5, 0, 2000)]);
    for (let at = 0; at < 2000; at += 200) bytes.set(name("b".repeat(195), 1), 5 * SECTOR + at);
    const disc = open(bytes);
    expect(paths(disc)).toEqual(["PLAIN"]);
    expect(codes(disc)).toEqual(["ISO_ROCK_RIDGE"]);
  });

  test.each([
    { what: "a link", use: posix(0o120777), type: "link" },
    { what: "a link without attributes", use: [...entry("SL", 6, [])], type: "link" },
    { what: "a character device", use: posix(0o020644), type: "device" },
    { what: "a socket", use: posix(0o140644), type: "device" },
    { what: "a file", use: posix(0o100644), type: "file" },
    { what: "a directory that the record says is none", use: posix(0o040755), type: "file" },
  ])("tells $what", ({ use, type }) => {
    const disc = open(withSystemUse(use));
    const found = disc.find("plain") ?? expect.fail();
    expect(found).toMatchObject({ type, isDirectory: false });
    if (type === "file") expect(disc.open(found).sizeBytes).toBe(0);
    else expect(() => disc.open(found)).toThrow(code("DISC_NOT_A_FILE", type));
  });

  test("hides what was moved, and shows it where it belongs", () => {
    // SUPPORT/X86 is moved: its own record is marked, and the file LAST.TXT stands for it.
    const bytes = image.bytes.slice();
    const moved = new DirectoryRecord(new DataView(bytes.buffer), image.places.get("iso:SUPPORT/X86"));
    const link = image.places.get("iso:LAST.TXT") ?? expect.fail();
    const useAt = (at: number) => at + DirectoryRecord.sizeBytes + 5 + (bytes[at + 32] === 5 ? 0 : 1);
    bytes.set(entry("RE", 4, []), useAt(moved.at));
    bytes.set([...entry("CL", 12, []).subarray(0, 4), ...u32(moved.block)], useAt(link));
    const disc = open(bytes);
    expect(paths(disc)).toEqual([
      "AUTORUN.INF",
      "EMPTY",
      "SUPPORT",
      "SUPPORT/AMD64",
      "SUPPORT/AMD64/SETUP.EXE",
      "SUPPORT/AMD64/WINDOWS6.CAB",
      "SUPPORT/NONE",
      "LAST.TXT",
      "LAST.TXT/SETUP.EXE",
    ]);
    expect(disc.find("last.txt/setup.exe")?.sizeBytes).toBe(3000);
  });

  test("says when a file was changed", () => {
    const time = [112, 3, 4, 5, 6, 7, 0];
    const stamps = (flags: number) => [...entry("TF", 19, [flags, ...time, ...time.with(1, 9)])];
    const modified = (use: readonly number[]) => open(withSystemUse(use)).find("plain")?.modified;
    expect(modified(stamps(3))).toBe("2012-09-04T05:06:07Z");
    expect(modified(stamps(6))).toBe("2012-03-04T05:06:07Z");
    // Neither a time of access nor one of 17 bytes: that of the record.
    expect(modified(stamps(4))).toBe("2012-03-04T03:06:07Z");
    expect(modified(stamps(0x83))).toBe("2012-03-04T03:06:07Z");
  });

  test("refuses files that are compressed", () => {
    const disc = open(withSystemUse([...entry("ZF", 16, [0x70, 0x7a])]));
    const found = disc.find("plain") ?? expect.fail();
    expect(() => disc.open(found)).toThrow(code("ISO_UNSUPPORTED", "zisofs"));
  });

  test("may begin behind bytes of another use", () => {
    const sharing = [...entry("SP", 7, [0xbe, 0xef, 6]), ...posix(0o040755)];
    expect(paths(open(withSystemUse([9, 9, 9, 9, 9, 9, ...name("name")], sharing)))).toEqual(["name"]);
  });

  test.each([
    { what: "no sharing indicator", sharing: posix(0o040755) },
    { what: "a wrong one", sharing: [...entry("SP", 7, [0xbe, 0xee, 0]), ...posix(0o040755)] },
    { what: "one, and none of its entries", sharing: [...entry("SP", 7, [0xbe, 0xef, 0])] },
  ])("is not there with $what", ({ sharing }) => {
    const disc = open(withSystemUse(name("name"), sharing));
    expect([disc.kind, paths(disc)]).toEqual(["iso9660", ["PLAIN"]]);
  });

  test("has its own root", () => {
    expect(open(image.bytes).kind).toBe("rock-ridge");
    expect(open(patched(image.bytes, root + 34, 0x58)).kind).toBe("iso9660");
  });
});
