import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAscii, upcase, upcaseUnit } from "../../src/registry/upcase.ts";

describe("upper-casing of names", () => {
  test.each([
    { name: "ControlSet001", upper: "CONTROLSET001" },
    { name: "grösse", upper: "GRÖSSE" },
    { name: "größe", upper: "GRÖßE", why: "ß has no capital of one character" },
    { name: "ŉ ﬁ ǰ", upper: "ŉ ﬁ ǰ", why: "neither have these" },
    { name: "ÿ", upper: "Ÿ", why: "the capital is beyond Latin-1" },
    { name: "ı µ ſ", upper: "ı µ ſ", why: "Windows leaves these alone, although Unicode does not" },
    { name: "привет", upper: "ПРИВЕТ" },
    { name: "σς", upper: "Σς", why: "Windows Vista and later leave the final sigma alone" },
    { name: "ა", upper: "ა", why: "Windows is older than Georgian capitals" },
    {
      name: "\u{10428}",
      upper: "\u{10428}",
      why: "surrogates are upper-cased one by one, that is not at all",
    },
    { name: "ａ", upper: "Ａ" },
  ])("makes $upper of $name", ({ name, upper }) => {
    expect(upcase(name)).toBe(upper);
  });

  test("changes 973 units, and none of what it gives", () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => unit);
    expect(units.filter((unit) => upcaseUnit(unit) !== unit)).toHaveLength(973);
    expect(units.filter((unit) => upcaseUnit(upcaseUnit(unit)) !== upcaseUnit(unit))).toEqual([]);
  });

  test("never changes the length of a name", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        expect(upcase(String.fromCharCode(...units))).toHaveLength(units.length);
      }),
    );
  });

  test("of ASCII names is that of JavaScript", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x7f)), (units) => {
        const name = String.fromCharCode(...units);
        expect(isAscii(name)).toBe(true);
        expect(upcase(name)).toBe(name.toUpperCase());
      }),
    );
  });
});
