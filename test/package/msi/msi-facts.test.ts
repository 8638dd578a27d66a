import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource, PageCache } from "../../../src/io/index.ts";
import { isCompoundFile, readMsi } from "../../../src/package/index.ts";
import {
  buildMsi,
  buildSummary,
  LAB_PROPERTIES,
  LAB_SUMMARY,
  type LabMsi,
  packTableName,
} from "../../lab/msi.ts";

const read = (lab: LabMsi = {}) => readMsi(new MemorySource(buildMsi(lab)));
const code = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe("readMsi", () => {
  test.each<{ what: string; lab: LabMsi }>([
    { what: "an MSI", lab: {} },
    { what: "one with references of three bytes", lab: { isLong: true } },
    { what: "one with sectors of 4096 bytes", lab: { sectorSize: 4096 } },
    { what: "one in UTF-8", lab: { codePage: 65001 } },
    { what: "one without a code page", lab: { codePage: 0 } },
    { what: "one whose sectors run backwards", lab: { arrange: (sectors) => sectors.toReversed() } },
  ])("gives what $what says", ({ lab }) => {
    expect(read(lab)).toEqual({
      productName: "Hyper-V Integration Services (version 6.3.9600.16384)",
      productVersion: "6.3.9600.16384",
      productCode: "{11111111-2222-3333-4444-555555555555}",
      upgradeCode: "{66666666-7777-8888-9999-000000000000}",
      manufacturer: "Microsoft",
      architecture: "x86",
      template: "Intel;1033",
      title: "Installation Database",
      subject: "Hyper-V Integration Services",
      packageCode: "{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}",
      isSigned: false,
      properties: new Map(Object.entries(LAB_PROPERTIES)),
      findings: [],
    });
  });

  test.each([
    { template: "Intel;1033", architecture: "x86" },
    { template: "Intel ;1033,2046", architecture: "x86" },
    { template: "x64;1033", architecture: "x64" },
    { template: "X64;0", architecture: "x64" },
    { template: "AMD64;1033", architecture: "x64" },
    { template: "Intel64;1033", architecture: "ia64" },
    { template: "Arm64;1033", architecture: "arm64" },
    { template: "Intel,Intel64;1033", architecture: "unknown" },
    { template: "Alpha;1033", architecture: "unknown" },
    { template: ";1033", architecture: "unknown" },
    { template: "constructor;1033", architecture: "unknown" },
  ])("takes template $template for $architecture", ({ template, architecture }) => {
    expect(read({ summary: { ...LAB_SUMMARY, 7: template } })).toMatchObject({ template, architecture });
  });

  test("has nulls for what is not said, and knows a signature", () => {
    const streams = { "\u0005DigitalSignature": new Uint8Array(10) };
    expect(read({ properties: { ProductVersion: "1.2" }, summary: { 1: 1252 }, streams })).toMatchObject({
      productName: null,
      productVersion: "1.2",
      productCode: null,
      upgradeCode: null,
      manufacturer: null,
      architecture: "unknown",
      template: null,
      isSigned: true,
      findings: [],
    });
  });

  const bytes = (...values: number[]) => Uint8Array.from(values);

  test.each([
    { codePage: 1252, encoded: bytes(0x80, 0x93, 0x9f, 0x81, 0xe9), text: "€“Ÿ\u0081é" },
    { codePage: 1251, encoded: bytes(0xcf, 0xf0), text: "Пр" },
    { codePage: 932, encoded: bytes(0x93, 0xfa, 0x96, 0x7b), text: "日本" },
    { codePage: 936, encoded: bytes(0xd6, 0xd0), text: "中" },
    { codePage: 949, encoded: bytes(0xc7, 0xd1), text: "한" },
    { codePage: 950, encoded: bytes(0xa4, 0xa4), text: "中" },
    { codePage: 28592, encoded: bytes(0xb1), text: "ą" },
    { codePage: 65001, encoded: bytes(0xe2, 0x82, 0xac), text: "€" },
    { codePage: 0, encoded: bytes(0xe9), text: "é" },
  ])("reads texts of code page $codePage", ({ codePage, encoded, text }) => {
    const encode = (text: string) => (text === "?" ? encoded : new Uint8Array(Buffer.from(text, "latin1")));
    const properties = { ProductVersion: "1", ProductName: "?" };
    const { productName, title, findings } = read({
      codePage,
      encode,
      properties,
      summary: { 1: codePage, 2: "?" },
    });
    expect({ productName, findings }).toEqual({ productName: text, findings: [] });
    // A number of 16 bits, as the summary has it, is enough for all code pages.
    expect(title).toBe(text);
  });

  test("says so where it does not know the code page, and reads ASCII all the same", () => {
    const { productVersion, findings } = read({ codePage: 37 });
    expect(productVersion).toBe("6.3.9600.16384");
    expect(findings).toMatchObject([
      { code: "MSI_CODE_PAGE", severity: "warning", message: "the code page is 37" },
    ]);
  });

  test.each([
    { what: "is missing", summary: null, stream: undefined, message: "no summary" },
    { what: "is empty", summary: null, stream: bytes(), message: "needs 28 bytes" },
    {
      what: "is something else",
      summary: null,
      stream: new Uint8Array(100),
      message: "no summary of a document",
    },
    { what: "is cut short", summary: null, stream: cutSummary(130), message: "leaves the stream" },
    { what: "counts too many", summary: null, stream: countedSummary(257), message: "257 properties" },
    { what: "counts more than it has", summary: null, stream: countedSummary(200), message: "" },
  ])("goes on with a finding where the summary $what", ({ summary, stream, message }) => {
    const streams = { ...(stream !== undefined && { "\u0005SummaryInformation": stream }) };
    expect(read({ summary, streams })).toMatchObject({
      productVersion: "6.3.9600.16384",
      architecture: "unknown",
      findings: [{ code: "MSI_SUMMARY", severity: "warning", message: expect.stringContaining(message) }],
    });
  });

  test("reads back every property, long ones and a great many of them too", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.]{0,20}$/);
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 });
    const long = fc.nat(200_000).map((length) => "x".repeat(length + 1));
    const properties = fc.dictionary(name, fc.oneof({ weight: 9, arbitrary: text }, long), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(properties, fc.boolean(), fc.constantFrom(512, 4096), (some, isLong, sectorSize) => {
        const all = { ...some, ProductVersion: "1.2.3" };
        const lab = { properties: all, codePage: 65001, isLong, sectorSize } as const;
        expect(read(lab).properties).toEqual(new Map(Object.entries(all)));
      }),
      { numRuns: 40 },
    );
    const many = Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`P${index}`, `V${index}`]));
    expect(read({ properties: { ...many, ProductVersion: "1" } }).properties.size).toBe(9001);
  });

  test("leaves the bytes of its source as they are", () => {
    const image = buildMsi({ arrange: (sectors) => sectors.toReversed() });
    const before = image.slice();
    readMsi(new MemorySource(image));
    expect(image).toEqual(before);
    const cache = new PageCache({
      sizeBytes: image.length,
      readInto: (target, offset) => void target.set(image.subarray(offset, offset + target.length)),
    });
    expect(readMsi(cache)).toEqual(readMsi(cache));
  });
});

/** A summary that ends inside one of its values. */
function cutSummary(size: number): Uint8Array {
  return buildSummary(LAB_SUMMARY, (text) => new Uint8Array(Buffer.from(text))).subarray(0, size);
}

function countedSummary(count: number): Uint8Array {
  const summary = buildSummary(LAB_SUMMARY, (text) => new Uint8Array(Buffer.from(text)));
  new DataView(summary.buffer).setUint32(52, count, true);
  return summary;
}

describe("isCompoundFile", () => {
  test.each([
    { what: "an MSI", bytes: buildMsi(), expected: true },
    { what: "its first eight bytes", bytes: buildMsi().subarray(0, 8), expected: true },
    { what: "its first seven", bytes: buildMsi().subarray(0, 7), expected: false },
    { what: "a cabinet", bytes: new Uint8Array(Buffer.from("MSCF\0\0\0\0")), expected: false },
    { what: "nothing", bytes: new Uint8Array(0), expected: false },
  ])("is $expected for $what", ({ bytes, expected }) => {
    expect(isCompoundFile(new MemorySource(bytes))).toBe(expected);
  });
});

describe("a compound file without a version", () => {
  const table = (name: string, data: Uint8Array | undefined) => ({
    streams: { [packTableName(name)]: data },
  });
  const u16 = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

  test.each<{ what: string; lab: LabMsi; error: string; message?: string }>([
    {
      what: "a patch",
      lab: { classId: "000c1086-0000-0000-c000-000000000046" },
      error: "MSI_NOT",
      message: "MSP",
    },
    {
      what: "a transform",
      lab: { classId: "000c1082-0000-0000-c000-000000000046" },
      error: "MSI_NOT",
      message: "MST",
    },
    { what: "no strings", lab: table("_StringData", undefined), error: "MSI_NOT" },
    { what: "no string pool", lab: table("_StringPool", undefined), error: "MSI_NOT" },
    { what: "an empty string pool", lab: table("_StringPool", u16()), error: "MSI_POOL", message: "0 bytes" },
    {
      what: "half an entry in the pool",
      lab: table("_StringPool", u16(0, 0, 1)),
      error: "MSI_POOL",
      message: "6 bytes",
    },
    {
      what: "a long string that is not there",
      lab: table("_StringPool", u16(1252, 0, 0, 1)),
      error: "MSI_POOL",
      message: "ends inside",
    },
    {
      what: "strings beyond the data",
      lab: table("_StringPool", u16(1252, 0, 0, 0xffff, 0xffff, 1)),
      error: "MSI_POOL",
      message: "strings need 4294967295 bytes",
    },
    {
      what: "references to no string",
      lab: table("_StringPool", u16(1252, 0)),
      error: "MSI_POOL",
      message: "there are 0",
    },
    { what: "no list of tables", lab: table("_Tables", undefined), error: "MSI_NO_PROPERTY" },
    { what: "no columns", lab: table("_Columns", undefined), error: "MSI_NO_PROPERTY" },
    {
      what: "an odd list of tables",
      lab: table("_Tables", Uint8Array.of(1)),
      error: "MSI_TABLE",
      message: "1 bytes",
    },
    { what: "an odd table", lab: table("Property", u16(1)), error: "MSI_TABLE", message: "2 bytes" },
    {
      what: "an empty table",
      lab: table("Property", undefined),
      error: "MSI_NO_PROPERTY",
      message: "no ProductVersion",
    },
    { what: "no version in it", lab: { properties: { ProductName: "x" } }, error: "MSI_NO_PROPERTY" },
    { what: "an empty version", lab: { properties: { ProductVersion: "" } }, error: "MSI_NO_PROPERTY" },
    {
      what: "more rows than are plausible",
      lab: table("_Tables", new Uint8Array(2 * 65_537)),
      error: "LIMIT_EXCEEDED",
      message: "65537 rows",
    },
  ])("is $error with $what", ({ lab, error, message }) => {
    expect(() => read(lab)).toThrow(code(error, message));
  });

  test("is MSI_NOT where it is a document", () => {
    expect(() => read(table("_StringPool", undefined))).toThrow(code("MSI_NOT", "no string pool"));
  });
});
