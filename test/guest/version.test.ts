import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareVersions,
  formatVersion,
  isSameRelease,
  isZeroVersion,
  parseVersion,
  type Version,
} from "../../src/guest/version.ts";

const part = fc.nat(0xffff);
const anyVersion = fc.record({ major: part, minor: part, build: part, revision: part });

const version = (text: string): Version => parseVersion(text) ?? expect.fail(`${text} is no version`);

describe("a version", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(anyVersion, (any) => {
        expect(parseVersion(formatVersion(any))).toEqual(any);
      }),
    );
  });

  test("may have blanks around it", () => {
    expect(parseVersion(" 6.3.9600.19456\t")).toEqual(version("6.3.9600.19456"));
  });

  test.each([
    "",
    "6",
    "6.3",
    "6.3.9600",
    "6.3.9600.19456.1",
    "6.3.9600.65536",
    "6.3.9600.x",
    "-1.0.0.0",
    "v6.3.9600.1",
  ])("is not %j", (text) => expect(parseVersion(text)).toBeUndefined());

  test("is ordered by its numbers, the first one first", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (a, b) => {
        const numbers = (any: Version) => [any.major, any.minor, any.build, any.revision];
        const difference = numbers(a).findIndex((number, index) => number !== numbers(b)[index]);
        const expected = difference < 0 ? 0 : Math.sign(numbers(a)[difference]! - numbers(b)[difference]!);
        expect(Math.sign(compareVersions(a, b))).toBe(expected);
      }),
    );
  });

  test("is zero only where every number is", () => {
    expect(isZeroVersion(version("0.0.0.0"))).toBe(true);
    expect(isZeroVersion(version("0.0.0.1"))).toBe(false);
  });

  test.each([
    { a: "6.3.9600.16384", b: "6.3.9600.19456", same: true },
    { a: "6.0.6002.18005", b: "6.0.6003.20000", same: true },
    { a: "6.0.6001.18000", b: "6.0.6003.20000", same: false },
    { a: "6.1.7600.16385", b: "6.1.7601.17514", same: false },
    { a: "6.1.7601.17514", b: "6.3.9600.17514", same: false },
  ])("$a is of the release of $b: $same", ({ a, b, same }) => {
    expect(isSameRelease(version(a), version(b))).toBe(same);
  });
});
