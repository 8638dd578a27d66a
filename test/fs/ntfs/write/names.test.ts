import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileNameCollation } from "../../../../src/fs/ntfs/collation.ts";
import { UpcaseTable } from "../../../../src/fs/ntfs/upcase.ts";
import { isShortName, makeShortName, requireLegalName } from "../../../../src/fs/ntfs/write/names.ts";
import { MemorySource } from "../../../../src/io/index.ts";
import { UPCASE } from "../../../lab/ntfs.ts";
import { AT, bench, noise } from "./volumes.ts";

const collation = new FileNameCollation(
  new UpcaseTable(() => new MemorySource(new Uint8Array(UPCASE.buffer))),
);
const shortOf = (name: string, taken: readonly string[] = []) =>
  makeShortName(name, collation, (candidate) => taken.includes(candidate));

test.each([
  ["file1.txt", true],
  ["README", true],
  ["a-b_c~1.CMD", true],
  ["x.y", true],
  ["ninechars", false],
  ["a.html", false],
  ["two.dots.x", false],
  [".hidden", false],
  ["with space", false],
  ["a+b", false],
  ["größe.txt", false],
])("%s is 8.3: %s", (name, expected) => {
  expect(isShortName(name)).toBe(expected);
});

test.each([
  ["Program Files", "PROGRA~1"],
  ["vmguest-first-boot.cmd", "VMGUES~1.CMD"],
  ["Windows6.x-HyperVIntegrationServices-x64.cab", "WINDOW~1.CAB"],
  ["a.b.c.html", "ABC~1.HTM"],
  [".bashrc", "BASHRC~1"],
  ["a+b=c;d.txt", "A_B_C_~1.TXT"],
  ["größe von allem.txt", "GR__EV~1.TXT"],
  ["文件", "__~1"],
  ["...", "_~1"],
])("the short name of %s is %s", (name, expected) => {
  expect(shortOf(name)).toBe(expected);
});

test("after four names alike, two letters and a checksum are kept", () => {
  const taken = [1, 2, 3, 4].map((tail) => `PROGRA~${tail}`);
  const hashed = shortOf("Program Files", taken);
  expect(hashed).toMatch(/^PR[0-9A-F]{4}~1$/);
  expect(shortOf("Program Files", [...taken, hashed])).toBe(hashed.replace("~1", "~2"));
});

test("every short name is 8.3, whatever the long one is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), (name) => {
      expect(isShortName(shortOf(name))).toBe(true);
    }),
  );
});

describe("names that programs of Windows could not use", () => {
  test.each(["", ".", "..", "a:b", "a|b", "tab\t", "end ", "CON", "com1.txt", "LPT9", "nul .x"])(
    "%j",
    (name) => {
      expect(() => requireLegalName(name, name)).toThrow(/cannot use the name/);
    },
  );

  test.each(["a", "con1", "console.txt", "com0", "ünïcode 文件", "a'b"])("%j is none of them", (name) => {
    expect(() => requireLegalName(name, name)).not.toThrow();
  });
});

test("a directory never has a short name twice, and each of them leads to its file", () => {
  const { writer, open } = bench();
  const shortNames = new Set<string>();
  for (let index = 0; index < 30; index++) {
    const { shortName = "" } = writer.createFile(`a long name ${index}.text`, noise(index), AT);
    shortNames.add(shortName);
    expect(open().require(shortName).path).toBe(`a long name ${index}.text`);
  }
  expect(shortNames.size).toBe(30);
});

test("where Windows makes no short names, a long one stands alone", () => {
  const { writer, open } = bench();
  const { shortName } = writer.createFile("a long name.text", noise(1), { ...AT, makesShortName: false });
  expect(shortName).toBeUndefined();
  const entry = [...open().root.list()].find(({ name }) => name === "a long name.text");
  expect(entry?.shortName).toBeUndefined();
});
