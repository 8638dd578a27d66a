import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../src/bytes/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { Hive, type Value } from "../../src/registry/index.ts";
import { BigData, SIGNATURES } from "../../src/registry/layout.ts";
import { buildHive, expand, type HiveValue, link, openHive, raw, Surgery } from "../lab/hive.ts";

const stored = (value: HiveValue): Value => openHive({ V: value }).root.value("v") as Value;

const pattern = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31) >> 3);

describe("the data of a value", () => {
  test.each([0, 1, 3, 4, 5, 8, 16_343, 16_344, 16_345, 32_688, 32_689, 100_000])(
    "of %i bytes comes back in every version of the format",
    (length) => {
      const data = pattern(length);
      for (const minor of [1, 2, 3, 4, 5, 6]) {
        const value = openHive({ V: data }, { minor }).root.value("V");
        expect(value?.sizeBytes).toBe(length);
        expect(Buffer.compare(value?.data() ?? new Uint8Array(1), data)).toBe(0);
      }
    },
  );

  test("is split into segments above 16,344 bytes since version 1.4, and never before", () => {
    const signatureAt = (minor: number) => {
      const surgery = new Surgery(buildHive({ V: pattern(16_345) }, { minor }));
      return new BigData(surgery.content(surgery.value("", "V").data)).signature === SIGNATURES.bigData;
    };
    expect([3, 4, 5].map(signatureAt)).toEqual([false, true, true]);
  });

  test("of any size comes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(0xffff_ffff), (data, type) => {
        const value = stored(raw(type, data));
        expect([...value.data()]).toEqual([...data]);
        expect(value.type).toBe(type);
      }),
    );
  });

  test("that fits one cell is read from it, although it is large enough to be split: hivex writes it so", () => {
    const surgery = new Surgery(buildHive({ V: pattern(50_000) }, { minor: 3 }));
    surgery.bytes[24] = 5;
    const value = new Surgery(surgery.bytes.slice()).bytes;
    const hive = Hive.open(new MemorySource(value));
    expect(hive.recovery).toBe("unrecovered");
    expect(Buffer.compare(hive.root.value("V")?.data() ?? new Uint8Array(0), pattern(50_000))).toBe(0);
  });

  test("is a private copy", () => {
    const hive = openHive({ V: Uint8Array.of(1, 2, 3, 4, 5), Short: 7 });
    for (const name of ["V", "Short"]) {
      const before = [...(hive.root.value(name)?.data() ?? [])];
      hive.root.value(name)?.data().fill(0);
      expect([...(hive.root.value(name)?.data() ?? [])]).toEqual(before);
    }
  });
});

const bytesOf = (text: string) => encodeUtf16(text);

describe("text", () => {
  test.each([
    { what: "REG_SZ", value: "text", text: "text" },
    { what: "REG_EXPAND_SZ", value: expand("%SystemRoot%\\x"), text: "%SystemRoot%\\x" },
    {
      what: "REG_LINK without a terminator",
      value: link("\\Registry\\Machine"),
      text: "\\Registry\\Machine",
    },
    { what: "REG_SZ without a terminator", value: raw(1, bytesOf("text")), text: "text" },
    {
      what: "REG_SZ with something behind its terminator",
      value: raw(1, bytesOf("text\0more\0")),
      text: "text",
    },
    { what: "REG_SZ with an odd last byte", value: raw(1, [0x41, 0, 0x42]), text: "A" },
    { what: "an empty REG_SZ", value: raw(1, []), text: "" },
    { what: "REG_BINARY", value: raw(3, bytesOf("text")), text: undefined },
    { what: "REG_MULTI_SZ", value: ["a", "b"], text: undefined },
  ] satisfies { what: string; value: HiveValue; text: string | undefined }[])(
    "of $what is $text",
    ({ value, text }) => {
      expect(stored(value).text()).toBe(text);
    },
  );
});

describe("the strings of REG_MULTI_SZ", () => {
  test.each([
    { what: "two strings", units: "a\0b\0\0", texts: ["a", "b"] },
    { what: "no string", units: "\0", texts: [] },
    { what: "no string, with a terminator too many", units: "\0\0", texts: [] },
    { what: "no bytes", units: "", texts: [] },
    { what: "a list without its terminator", units: "a\0b\0", texts: ["a", "b"] },
    { what: "a list without any terminator", units: "a\0b", texts: ["a", "b"] },
    { what: "empty strings inside and at the end", units: "a\0\0b\0\0\0", texts: ["a", "", "b", ""] },
  ])("are $texts where $what are stored", ({ units, texts }) => {
    expect(stored(raw(7, bytesOf(units))).texts()).toEqual(texts);
  });

  test("come back, whatever they are", () => {
    const strings = fc.array(fc.string({ minLength: 1 }).filter((text) => !text.includes("\0")));
    fc.assert(
      fc.property(strings, (texts) => {
        expect(stored(texts).texts()).toEqual(texts);
      }),
    );
  });

  test("are undefined for another type", () => {
    expect(stored("text").texts()).toBeUndefined();
  });
});

describe("a number", () => {
  test.each([
    { what: "REG_DWORD", value: 0xdead_beef, number: 0xdead_beef },
    { what: "REG_DWORD_BIG_ENDIAN", value: raw(5, [0, 0, 1, 2]), number: 0x102 },
    { what: "REG_DWORD of 3 bytes", value: raw(4, [1, 2, 3]), number: undefined },
    { what: "REG_DWORD of 8 bytes", value: raw(4, [1, 2, 3, 4, 5, 6, 7, 8]), number: undefined },
    { what: "REG_QWORD", value: 5n, number: undefined },
  ])("of $what is $number", ({ value, number }) => {
    expect(stored(value).number()).toBe(number);
  });

  test.each([
    { what: "REG_QWORD", value: 2n ** 64n - 1n, bigint: 2n ** 64n - 1n },
    { what: "REG_QWORD of 4 bytes", value: raw(11, [1, 2, 3, 4]), bigint: undefined },
    { what: "REG_DWORD", value: 5, bigint: undefined },
  ])("of 64 bits of $what is $bigint", ({ value, bigint }) => {
    expect(stored(value).bigint()).toBe(bigint);
  });
});

describe("a value", () => {
  const hive = openHive({
    Key: {
      "": "default",
      Name: "x",
      Größe: 1,
      Имя: 2,
      Odd: raw(0x2a, []),
      "@class": "a class",
      "@time": 99n,
    },
    Empty: {},
  });
  const key = hive.require("Key");

  test.each([
    { name: "", spelled: "" },
    { name: "NAME", spelled: "Name" },
    { name: "GRÖßE", spelled: "Größe" },
    { name: "имя", spelled: "Имя" },
  ])("is found as '$name'", ({ name, spelled }) => {
    expect(key.value(name)?.name).toBe(spelled);
  });

  test("that does not exist is undefined", () => {
    expect(key.value("Nam")).toBeUndefined();
    expect(hive.require("Empty").value("")).toBeUndefined();
  });

  test("tells its type by name, or by number where it has none", () => {
    expect([...key.values()].map(({ typeName }) => typeName)).toEqual([
      "REG_SZ",
      "REG_SZ",
      "REG_DWORD",
      "REG_DWORD",
      "0x2a",
    ]);
  });

  test("stands beside the class and the time of its key", () => {
    expect(key.className).toBe("a class");
    expect(key.lastWritten).toBe(99n);
    expect(hive.require("Empty").className).toBeUndefined();
    expect([...hive.require("Empty").values()]).toEqual([]);
  });
});
