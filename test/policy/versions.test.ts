import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, isVersion } from "../../src/policy/index.ts";

const version = fc.array(fc.nat(70_000), { minLength: 2, maxLength: 4 }).map((parts) => parts.join("."));

describe("versions", () => {
  test.each([
    ["6.3.9600.18692", "6.3.9600.19456", -1],
    ["6.3.9600.9", "6.3.9600.10", -1],
    ["6.10.0.0", "6.9.9999.9999", 1],
    ["10.0.14393.0", "6.3.9600.19456", 1],
    ["6.3", "6.3.0.0", 0],
    ["6.3.0.1", "6.3", 1],
    ["06.3.0", "6.3.0.0", 0],
    ["6.x.9600", "6.0.9600", 0],
  ])("%s compared with %s gives %i", (a, b, order) => {
    expect(compareVersions(a, b)).toBe(order);
  });

  test("are in one order, whichever is asked first", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, b)).toBe(0 - compareVersions(b, a));
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test("compare any two texts without a throw", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(Math.abs(compareVersions(a, b))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test.each(["6.3.9600.19456", "10.0", "0.0.0.0"])("%s is a version", (text) => {
    expect(isVersion(text)).toBe(true);
  });

  test.each([
    "",
    "6",
    "6.",
    "6.3.",
    ".6.3",
    "6.3.9600.1.2",
    "6.3 ",
    "6,3",
    "v6.3",
    "6.3-rc",
    "6.12345678901",
  ])("%j is none", (text) => {
    expect(isVersion(text)).toBe(false);
  });
});
