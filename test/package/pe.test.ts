import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { MemorySource, PageCache } from "../../src/io/index.ts";
import { readPeVersion } from "../../src/package/index.ts";
import { buildPe, buildVersionNode, buildVersionResource, type LabPe, PE_PLACES } from "../lab/pe.ts";

const read = (bytes: Uint8Array) => readPeVersion(new MemorySource(bytes));
const code = (code: string, message?: string) =>
  expect.objectContaining({
    code,
    ...(message !== undefined && { message: expect.stringContaining(message) }),
  });

/** The image with `bytes` at `offset` replaced. */
function patched(pe: LabPe, offset: number, ...bytes: number[]): Uint8Array {
  const image = buildPe(pe);
  image.set(bytes, offset);
  return image;
}

const RESOURCES = 0x600;

describe("readPeVersion", () => {
  test("gives the numbers, the text and the kind of a driver", () => {
    const strings = { CompanyName: "Microsoft", FileVersion: "6.3.9600.19456 (winblue_ltsb.190810-0600)" };
    expect(read(buildPe({ fileVersion: "6.3.9600.19456", productVersion: "6.3.9600.1", strings }))).toEqual({
      fileVersion: "6.3.9600.19456",
      productVersion: "6.3.9600.1",
      fixedInfo: { offset: 0x680, sizeBytes: 52 },
      fileVersionText: "6.3.9600.19456 (winblue_ltsb.190810-0600)",
      machine: "x64",
      isDll: false,
      fileType: "driver",
    });
  });

  test.each([
    { machine: 0x014c, name: "x86" },
    { machine: 0x8664, name: "x64" },
    { machine: 0xaa64, name: "arm64" },
    { machine: 0x01c4, name: "arm" },
    { machine: 0x01c0, name: "arm" },
    { machine: 0x0200, name: "ia64" },
    { machine: 0x0ebc, name: "unknown" },
  ])("names machine $machine $name", ({ machine, name }) => {
    expect(read(buildPe({ machine })).machine).toBe(name);
  });

  test.each([
    { fileType: 1, isDll: false, name: "application" },
    { fileType: 2, isDll: true, name: "dll" },
    { fileType: 3, isDll: false, name: "driver" },
    { fileType: 0, isDll: false, name: "unknown" },
    { fileType: 0xffffffff, isDll: true, name: "unknown" },
  ])("calls file type $fileType $name", ({ fileType, isDll, name }) => {
    expect(read(buildPe({ fileType, isDll }))).toMatchObject({ fileType: name, isDll });
  });

  test("reads every version back as it was written", () => {
    const number = fc.nat(0xffff);
    const version = fc.tuple(number, number, number, number).map((numbers) => numbers.join("."));
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(version, version, text, fc.boolean(), (fileVersion, productVersion, text, is32) => {
        const machine = is32 ? 0x14c : 0x8664;
        const strings = { Comments: text, FileVersion: text };
        expect(read(buildPe({ fileVersion, productVersion, strings, machine }))).toMatchObject({
          fileVersion,
          productVersion,
          fileVersionText: text,
        });
      }),
    );
  });

  test.each([
    { languages: [0x407, 0x409, 0], expected: "2.0.0.0" },
    { languages: [0x407, 0], expected: "3.0.0.0" },
    { languages: [0x407, 0x411], expected: "1.0.0.0" },
    { languages: [0x411], expected: "4.0.0.0" },
  ])("of languages $languages takes English, then neutral, then the first", ({ languages, expected }) => {
    const languageVersions = { 1031: "1.0.0.0", 1033: "2.0.0.0", 0: "3.0.0.0", 1041: "4.0.0.0" };
    expect(read(buildPe({ languages, languageVersions })).fileVersion).toBe(expected);
  });

  test("finds the version among other resources", () => {
    const image = buildPe({ otherTypes: [1, 2, 3, 14, 24, 240], otherResourcesSizeBytes: 5000 });
    expect(read(image).fileVersion).toBe("6.3.9600.19456");
  });

  test("takes a version resource with another name than 1", () => {
    const image = patched({}, RESOURCES + 24 + 16, 7);
    expect(read(image).fileVersion).toBe("6.3.9600.19456");
  });

  test("reads three pages of an image with much code and many resources: headers, directories, version", () => {
    const image = buildPe({
      codeSizeBytes: 700 * 4096 - PE_PLACES.headersSize,
      otherTypes: [11],
      otherResourcesSizeBytes: 500 * 4096,
    });
    const pages = new Set<number>();
    const cache = new PageCache({
      sizeBytes: image.length,
      readInto: (target, offset) => {
        for (let at = offset; at < offset + target.length; at += 4096) pages.add(Math.floor(at / 4096));
        target.set(image.subarray(offset, offset + target.length));
      },
    });
    expect(readPeVersion(cache).fileVersion).toBe("6.3.9600.19456");
    expect([...pages]).toEqual([0, 700, 1200]);
  });
});

describe("the text of a version", () => {
  const withTexts = (...texts: Uint8Array[]) => {
    const [root] = [buildVersionResource()];
    const fixed = root.slice(40, 92);
    const block = buildVersionNode("StringFileInfo", new Uint8Array(0), [
      buildVersionNode("040904B0", new Uint8Array(0), texts),
    ]);
    return buildPe({ versionResource: buildVersionNode("VS_VERSION_INFO", fixed, [block]) });
  };
  const utf16 = (text: string) => new Uint8Array(Buffer.from(text, "utf16le"));

  test.each([
    { what: "counted in bytes", node: buildVersionNode("FileVersion", utf16("1.2\0"), [], 8) },
    { what: "counted in units", node: buildVersionNode("FileVersion", utf16("1.2\0"), [], 4) },
    { what: "not counted at all", node: buildVersionNode("FileVersion", utf16("1.2\0"), [], 0) },
    { what: "without its NUL", node: buildVersionNode("FileVersion", utf16("1.2"), []) },
    { what: "with more behind its NUL", node: buildVersionNode("FileVersion", utf16("1.2\0more\0"), []) },
  ])("may be $what", ({ node }) => {
    expect(read(withTexts(node)).fileVersionText).toBe("1.2");
  });

  test("is missing where there are no texts, or none of that name", () => {
    expect(read(buildPe({ strings: {} })).fileVersionText).toBeUndefined();
    expect(read(buildPe({ strings: { ProductName: "x" } })).fileVersionText).toBeUndefined();
  });

  test.each([
    { what: "longer than its table", size: 0xffff },
    { what: "of no size", size: 0 },
    { what: "shorter than its own head", size: 5 },
  ])("is missing where a node in front of it is $what, and the numbers are there", ({ size }) => {
    const broken = buildVersionNode("CompanyName", utf16("x\0"), []);
    new DataView(broken.buffer).setUint16(0, size, true);
    const image = withTexts(broken, buildVersionNode("FileVersion", utf16("1.2\0"), []));
    expect(read(image)).toMatchObject({ fileVersion: "6.3.9600.19456", fileVersionText: undefined });
  });
});

describe("a file without a version to be read", () => {
  test.each([
    { what: "an empty file", bytes: new Uint8Array(0), message: "does not begin with MZ" },
    { what: "a file of one byte", bytes: Uint8Array.of(0x4d), message: "does not begin with MZ" },
    { what: "text", bytes: new Uint8Array(Buffer.from("hello, world")), message: "does not begin with MZ" },
    {
      what: "a DOS program",
      bytes: patched({}, PE_PLACES.peHeader, 0x4e, 0x45),
      message: "no PE signature at 0x80",
    },
    { what: "a ROM image", bytes: patched({}, PE_PLACES.optionalHeader, 7, 1), message: "0x107" },
  ])("is PE_NOT where it is $what", ({ bytes, message }) => {
    expect(() => read(bytes)).toThrow(code("PE_NOT", message));
  });

  test("is PE_TRUNCATED or complete wherever it is cut", () => {
    const image = buildPe();
    for (let size = 2; size < image.length; size++) {
      expect(() => read(image.subarray(0, size)), `cut to ${size} bytes`).toThrow(code("PE_TRUNCATED"));
    }
  });

  test.each([
    { what: "the PE header beyond the file", offset: 60, bytes: [0xff, 0xff, 0xff, 0xff] },
    { what: "resources in no section", offset: PE_PLACES.optionalHeader + 128, bytes: [0, 0, 0, 0x70] },
    { what: "a type directory outside the section", offset: RESOURCES + 20, bytes: [0xff, 0xff, 0xff, 0xff] },
    { what: "data in no section", offset: RESOURCES + 72, bytes: [0, 0, 0, 0x70] },
    { what: "data larger than its section", offset: RESOURCES + 76, bytes: [0xff, 0xff, 0xff, 0xff] },
    { what: "a section beyond the file", offset: 0x188 + 40 + 20, bytes: [0, 0, 0, 0x70] },
    { what: "a section that is not in the file", offset: 0x188 + 40 + 16, bytes: [0, 0, 0, 0] },
  ])("is PE_TRUNCATED with $what", ({ offset, bytes }) => {
    expect(() => read(patched({}, offset, ...bytes))).toThrow(code("PE_TRUNCATED"));
  });

  test.each([
    {
      what: "no resources",
      offset: PE_PLACES.optionalHeader + 128,
      bytes: [0, 0, 0, 0],
      message: "no resources",
    },
    {
      what: "two data directories",
      offset: PE_PLACES.optionalHeader + 108,
      bytes: [2],
      message: "no resources",
    },
    { what: "a short optional header", offset: 0x94, bytes: [0x80, 0], message: "no resources" },
    { what: "other types only", offset: RESOURCES + 16, bytes: [24], message: "level of the type" },
    { what: "a type that is a name", offset: RESOURCES + 19, bytes: [0x80], message: "level of the type" },
    { what: "an empty directory", offset: RESOURCES + 24 + 14, bytes: [0], message: "level of the name" },
    {
      what: "a leaf for a directory",
      offset: RESOURCES + 23,
      bytes: [0],
      message: "ends above the level of the language",
    },
    {
      what: "a directory for a leaf",
      offset: RESOURCES + 71,
      bytes: [0x80],
      message: "goes on below the level of the language",
    },
    { what: "another key", offset: RESOURCES + 88 + 6, bytes: [0x57], message: "VS_VERSION_INFO" },
    { what: "a node of no size", offset: RESOURCES + 88, bytes: [0, 0], message: "VS_VERSION_INFO" },
    { what: "no numbers", offset: RESOURCES + 88 + 2, bytes: [0, 0], message: "no VS_FIXEDFILEINFO" },
    { what: "numbers cut short", offset: RESOURCES + 88, bytes: [91, 0], message: "no VS_FIXEDFILEINFO" },
    { what: "another signature", offset: RESOURCES + 88 + 40, bytes: [0], message: "begins with 0xfeef0400" },
  ])("is PE_NO_VERSION with $what", ({ offset, bytes, message }) => {
    expect(() => read(patched({}, offset, ...bytes))).toThrow(code("PE_NO_VERSION", message));
  });

  test.each([
    { what: "97 sections", offset: PE_PLACES.peHeader + 6, bytes: [97, 0] },
    { what: "4097 named entries", offset: RESOURCES + 12, bytes: [0, 0x10] },
    { what: "65535 entries", offset: RESOURCES + 14, bytes: [0xff, 0xff] },
  ])("is LIMIT_EXCEEDED with $what", ({ offset, bytes }) => {
    expect(() => read(patched({}, offset, ...bytes))).toThrow(code("LIMIT_EXCEEDED"));
  });

  test("gives an answer or a typed error for any flipped byte", () => {
    const image = buildPe({ otherTypes: [1, 24] });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(image.length - 1), fc.nat(255)), { maxLength: 6 }), (flips) => {
        const damaged = image.slice();
        for (const [offset, value] of flips) damaged[offset] = value;
        try {
          expect(read(damaged).fileVersion).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(VmguestError);
          expect((error as VmguestError).code).toMatch(/^PE_|^LIMIT_EXCEEDED$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
