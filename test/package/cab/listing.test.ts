import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { Cabinet, isCabinet } from "../../../src/package/cab/index.ts";
import {
  buildCabinet,
  type LabCabinet,
  type LabMember,
  mszip,
  SIGNATURE_ROOM,
  stored,
} from "../../lab/cab.ts";
import { bytesOf, readAll } from "./reading.ts";

const open = (cabinet: LabCabinet) => Cabinet.open(new MemorySource(buildCabinet(cabinet)));
const oneFolder = (...members: LabMember[]): LabCabinet => ({ folders: [{ members }] });
const text = (content: string) => Buffer.from(content);
const codesOf = ({ findings }: Cabinet) => findings.map(({ code }) => code);

/** Bytes that a Python script made from the description of the format; cabextract and 7-Zip read them. */
const VECTORS = {
  stored:
    "4d5343460000000051000000000000002c00000000000000030101000100000001000000420000000100000007000000000000000000744700602000612e747874006568046c0700070068656c6c6f0d0a",
  mszip:
    "4d534346000000005a000000000000002c0000000000000003010100010000000100000042000000010001005e010000000000000000744700602000612e747874001309450b10005e01434bcb48cdc9c9e7e5ca18a568410100",
  lzxUncompressed:
    "4d5343460000000062000000000000002c00000000000000030101000100000001000000420000000100030f07000000000000000000744700602000612e747874001e58116c180007000030700001000000010000000100000068656c6c6f0d0a00",
  lzxVerbatim:
    "4d534346000000009a000000000000002c00000000000000030101000100000001000000420000000100030f07000000000000000000744700602000612e74787400972fe17a500007000010700000000000001000000001000000000000000000000000000000000000000000000000000000000000000000000000000000000f11ffff00fc00000000000000003f44ffff68f96c656f6c0a0d",
};

describe("the list of members", () => {
  test.each([
    { name: "stored" as const, compression: "none", content: "hello\r\n" },
    { name: "mszip" as const, compression: "mszip", content: "hello\r\n".repeat(50) },
    { name: "lzxUncompressed" as const, compression: "lzx", content: "hello\r\n" },
    { name: "lzxVerbatim" as const, compression: "lzx", content: "hello\r\n" },
  ])("of a cabinet $name is what was put in", ({ name, compression, content }) => {
    const cabinet = Cabinet.open(new MemorySource(Buffer.from(VECTORS[name], "hex")));
    expect(cabinet.members).toEqual([
      {
        index: 0,
        name: "a.txt",
        sizeBytes: content.length,
        modified: "2015-11-20T12:00:00",
        attributes: ["archive"],
        compression,
        folder: 0,
        folderOffset: 0,
        unsafe: null,
      },
    ]);
    expect(bytesOf(cabinet.open(cabinet.members[0] ?? expect.fail())).toString()).toBe(content);
    expect(cabinet.findings).toEqual([]);
    expect(cabinet.signature).toBeUndefined();
  });

  test("is what the lab writes, byte by byte", () => {
    const member = { name: "a.txt", fields: { attributes: 0x20 } };
    const built = (bytes: string, encoder: typeof stored) =>
      Buffer.from(
        buildCabinet({ folders: [{ encoder, members: [{ ...member, bytes: text(bytes) }] }], setId: 1 }),
      );
    expect(built("hello\r\n", stored).toString("hex")).toBe(VECTORS.stored);
    expect(built("hello\r\n".repeat(50), mszip).length).toBe(VECTORS.mszip.length / 2);
  });

  test("has all attributes by their names", () => {
    const rows = [0, 0x01, 0x02, 0x04, 0x20, 0x40, 0x67, 0xff18].map((attributes, index) => ({
      name: `${index}`,
      fields: { attributes },
    }));
    const all = ["read-only", "hidden", "system", "archive", "execute"];
    expect(open(oneFolder(...rows)).members.map(({ attributes }) => attributes)).toEqual([
      [],
      ...all.map((name) => [name]),
      all,
      [],
    ]);
  });

  test.each([
    { date: 0x0021, time: 0, modified: "1980-01-01T00:00:00" },
    { date: 0xff9f, time: 0xbf7d, modified: "2107-12-31T23:59:58" },
    { date: 0x285d, time: 0x0021, modified: "2000-02-29T00:01:02" },
    { date: 0x2a5d, time: 0, modified: null },
    { date: 0, time: 0, modified: null },
    { date: 0x0001, time: 0, modified: null },
    { date: 0x0020, time: 0, modified: null },
    { date: 0x01a1, time: 0, modified: null },
    { date: 0x009f, time: 0, modified: null },
    { date: 0x0021, time: 24 << 11, modified: null },
    { date: 0x0021, time: 60 << 5, modified: null },
    { date: 0x0021, time: 30, modified: null },
  ])("takes date $date and time $time for $modified", ({ date, time, modified }) => {
    expect(open(oneFolder({ name: "a", fields: { date, time } })).members[0]?.modified).toBe(modified);
  });

  test.each([
    { what: "ASCII", bytes: text("dir\\a.txt"), attributes: 0, name: "dir/a.txt" },
    { what: "UTF-8", bytes: text("Grüße\\日本.txt"), attributes: 0x80, name: "Grüße/日本.txt" },
    { what: "a code page", bytes: Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x80]), attributes: 0, name: "Grüß€" },
    { what: "UTF-8 that is not marked", bytes: text("ü"), attributes: 0, name: "Ã¼" },
    { what: "a byte order mark", bytes: text("\ufeffa"), attributes: 0x80, name: "\ufeffa" },
  ])("reads names in $what", ({ bytes, attributes, name }) => {
    const cabinet = open(oneFolder({ name: "", nameBytes: bytes, fields: { attributes } }));
    expect(cabinet.members.map(({ name }) => name)).toEqual([name]);
    expect(cabinet.findings).toEqual([]);
  });

  test.each([
    { what: "an overlong slash", bytes: [0x2e, 0x2e, 0xc0, 0xaf, 0x61], name: "..À¯a" },
    { what: "a lone surrogate", bytes: [0xed, 0xa0, 0x80], name: "í\u00a0€" },
    { what: "a byte too few", bytes: [0x61, 0xe6, 0x97], name: "aæ—" },
  ])("reads a name that claims to be UTF-8 and has $what as windows-1252, and says so", ({ bytes, name }) => {
    const cabinet = open(
      oneFolder({ name: "", nameBytes: Uint8Array.from(bytes), fields: { attributes: 0x80 } }),
    );
    expect(cabinet.members.map(({ name }) => name)).toEqual([name]);
    expect(codesOf(cabinet)).toEqual(["CAB_NAME_ENCODING"]);
  });

  test("marks names that are not safe, with a finding for each", () => {
    const cabinet = open(oneFolder({ name: "..\\a" }, { name: "b" }, { name: "" }, { name: "NUL.txt" }));
    expect(cabinet.members.map(({ unsafe }) => unsafe)).toEqual([
      "it has a component ..",
      null,
      "it is empty",
      "it names the device NUL",
    ]);
    expect(codesOf(cabinet)).toEqual(["CAB_NAME_UNSAFE", "CAB_NAME_UNSAFE", "CAB_NAME_UNSAFE"]);
  });

  test.each([
    { first: "dir\\a.txt", second: "DIR/A.TXT" },
    { first: "same", second: "same" },
    { first: "ÄÖÜ", second: "äöü" },
    { first: "Σίσυφος", second: "ΣΊΣΥΦΟΣ" },
    { first: "e\u0301", second: "É" },
  ])("marks the second of $first and $second", ({ first, second }) => {
    const { members } = open(oneFolder({ name: first }, { name: second }));
    expect(members.map(({ unsafe }) => unsafe)).toEqual([
      null,
      `it would take the place of ${JSON.stringify(first.replaceAll("\\", "/"))}`,
    ]);
  });

  test.each([
    { first: "straße", second: "strasse" },
    { first: "a", second: "а" },
    { first: "dir/a", second: "dir/b" },
  ])("keeps $first and $second apart", ({ first, second }) => {
    const { members } = open(oneFolder({ name: first }, { name: second }));
    expect(members.map(({ unsafe }) => unsafe)).toEqual([null, null]);
  });

  test("finds members by name, whatever the case of letters and the slashes", () => {
    const cabinet = open(oneFolder({ name: "Dir\\Ä.txt" }, { name: "update.MUM" }, { name: "UPDATE.mum" }));
    expect(cabinet.find("dir/ä.TXT")).toBe(cabinet.members[0]);
    expect(cabinet.find("DIR\\Ä.TXT")).toBe(cabinet.members[0]);
    expect(cabinet.find("Update.Mum")).toBe(cabinet.members[1]);
    expect(cabinet.find("update.cat")).toBeUndefined();
    expect(cabinet.find("__proto__")).toBeUndefined();
  });

  test("is complete with 65,535 members and 65,535 folders", () => {
    const members = Array.from({ length: 65_535 }, (_, index) => ({ name: `folder\\member-${index}` }));
    const folders = [{ members }, ...Array.from({ length: 65_534 }, () => ({ members: [] }))];
    const cabinet = open({ folders });
    expect(cabinet.members).toHaveLength(65_535);
    expect(cabinet.members.at(-1)?.name).toBe("folder/member-65534");
    expect(cabinet.findings).toEqual([]);
  });

  test("has at most 1000 findings, and then one more that says so", () => {
    const members = Array.from({ length: 2000 }, () => ({ name: "..\\a" }));
    const codes = codesOf(open(oneFolder(...members)));
    expect(codes).toHaveLength(1001);
    expect(codes.at(-1)).toBe("LIMIT_EXCEEDED");
  });

  test("costs no reading of data", () => {
    const bytes = buildCabinet(oneFolder({ name: "a", bytes: new Uint8Array(1_000_000) }));
    const read: number[] = [];
    const source = new MemorySource(bytes);
    const counting = {
      sizeBytes: source.sizeBytes,
      read: (offset: number, length: number) => {
        read.push(offset + length);
        return source.read(offset, length);
      },
    };
    expect(Cabinet.open(counting).members).toHaveLength(1);
    expect(Math.max(...read)).toBeLessThanOrEqual(44 + 272);
  });
});

describe("what surrounds the members", () => {
  const members = [{ name: "a", bytes: text("hello") }];
  const signed = (offset: number, sizeBytes: number) => {
    const reserve = Buffer.from(SIGNATURE_ROOM);
    reserve.writeUInt32LE(offset, 4);
    reserve.writeUInt32LE(sizeBytes, 8);
    return reserve;
  };
  const sizeBytes = buildCabinet({ folders: [{ members }], headerReserve: SIGNATURE_ROOM }).length;

  test("is a signature where the header says so", () => {
    const cabinet = open({
      folders: [{ members }],
      headerReserve: signed(sizeBytes, 16),
      appended: new Uint8Array(16),
    });
    expect(cabinet.signature).toEqual({ offset: sizeBytes, sizeBytes: 16 });
    expect(cabinet.sizeBytes).toBe(sizeBytes);
    expect(cabinet.findings).toEqual([]);
  });

  test.each([
    { what: "room for one", headerReserve: SIGNATURE_ROOM, codes: [] },
    { what: "room for one, and junk", headerReserve: SIGNATURE_ROOM, junk: 5, codes: ["CAB_APPENDED"] },
    { what: "another area of 20 bytes", headerReserve: new Uint8Array(20).fill(7), codes: [] },
    { what: "a larger area", headerReserve: new Uint8Array(32), codes: [] },
    { what: "one inside of the cabinet", headerReserve: signed(60, 16), codes: ["CAB_SIGNATURE_PLACE"] },
    { what: "one behind the file", headerReserve: signed(sizeBytes, 16), codes: ["CAB_SIGNATURE_PLACE"] },
    {
      what: "one longer than the file",
      headerReserve: signed(sizeBytes, 0xffff_ffff),
      junk: 16,
      codes: ["CAB_SIGNATURE_PLACE", "CAB_APPENDED"],
    },
    {
      what: "one with a hole before it",
      headerReserve: signed(sizeBytes + 8, 8),
      junk: 16,
      codes: ["CAB_SIGNATURE_PLACE", "CAB_APPENDED"],
    },
  ])("is no signature with $what", ({ headerReserve, junk = 0, codes }) => {
    const cabinet = open({ folders: [{ members }], headerReserve, appended: new Uint8Array(junk) });
    expect(cabinet.signature).toBeUndefined();
    expect(codesOf(cabinet)).toEqual(codes);
    expect(readAll(cabinet)).toHaveLength(1);
  });

  test("is reported behind the signature too", () => {
    const cabinet = open({
      folders: [{ members }],
      headerReserve: signed(sizeBytes, 8),
      appended: new Uint8Array(9),
    });
    expect(cabinet.signature).toEqual({ offset: sizeBytes, sizeBytes: 8 });
    expect(cabinet.findings).toEqual([
      expect.objectContaining({ code: "CAB_APPENDED", message: "1 bytes follow the cabinet" }),
    ]);
  });

  test.each([
    { gap: { gapBeforeFiles: new Uint8Array(24) }, where: "the list of members" },
    { gap: { gapBeforeData: new Uint8Array(1) }, where: "the data" },
  ])("may be hidden in front of $where", ({ gap, where }) => {
    const cabinet = open({ folders: [{ members }], ...gap });
    expect(codesOf(cabinet)).toEqual(["CAB_GAP"]);
    expect(cabinet.findings[0]?.message).toContain(where);
    expect(readAll(cabinet)).toHaveLength(1);
  });
});

describe("isCabinet", () => {
  test.each([
    { what: "a cabinet", bytes: Buffer.from(VECTORS.stored, "hex"), is: true },
    { what: "the signature alone", bytes: text("MSCF"), is: true },
    { what: "an empty file", bytes: text(""), is: false },
    { what: "three bytes", bytes: text("MSC"), is: false },
    { what: "a program", bytes: text("MZ\x90\0\x03"), is: false },
    { what: "a cabinet of InstallShield", bytes: text("ISc(abcdefgh"), is: false },
  ])("says $is of $what", ({ bytes, is }) => {
    expect(isCabinet(new MemorySource(bytes))).toBe(is);
  });
});
