import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIST_BYTES_MAX, readImageList } from "../../src/batch/index.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("a list of images", () => {
  test.each([
    { what: "has one a line", text: "a.vhdx\nb/c.vhdx\n", paths: ["a.vhdx", "b/c.vhdx"] },
    { what: "may lack the last line's end", text: "a.vhdx\nb.vhdx", paths: ["a.vhdx", "b.vhdx"] },
    { what: "may come from Windows", text: "a.vhdx\r\nD:\\b.vhdx\r\n", paths: ["a.vhdx", "D:\\b.vhdx"] },
    { what: "may begin with a byte-order mark", text: "\ufeffa.vhdx\n", paths: ["a.vhdx"] },
    { what: "may have blank lines", text: "\n\na.vhdx\n  \n\r\nb.vhdx\n\n", paths: ["a.vhdx", "b.vhdx"] },
    { what: "has no comments", text: "#1 golden.vhdx\n", paths: ["#1 golden.vhdx"] },
    { what: "leaves white space of a path alone", text: " a .vhdx \n", paths: [" a .vhdx "] },
    { what: "keeps order and duplicates", text: "b\na\nb\n", paths: ["b", "a", "b"] },
    { what: "may hold URLs", text: "https://h/a.vhdx?sig=%2F\n", paths: ["https://h/a.vhdx?sig=%2F"] },
    { what: "may be empty", text: "", paths: [] },
  ])("$what", ({ text, paths }) => {
    expect(readImageList(bytesOf(text))).toEqual(paths);
  });

  test.each([
    { what: "may hold any name", text: "a\nb.vhdx\0 \0c\r\0", paths: ["a\nb.vhdx", " ", "c\r"] },
    { what: "may lack the last NUL", text: "a\0b", paths: ["a", "b"] },
    { what: "may have empty entries", text: "\0\0a\0", paths: ["a"] },
  ])("that find -print0 wrote $what", ({ text, paths }) => {
    expect(readImageList(bytesOf(text), { isNullSeparated: true })).toEqual(paths);
  });

  const latin1 = Buffer.from("a.vhdx\ncaf\xe9.vhdx\n", "latin1");

  test.each([
    { what: "another encoding", bytes: latin1, message: "line 2 of the list of images is not UTF-8" },
    {
      what: "another encoding, between NULs",
      bytes: Buffer.from(latin1.toString("latin1").replaceAll("\n", "\0"), "latin1"),
      isNullSeparated: true,
      message: "entry 2 of the list of images is not UTF-8",
    },
    { what: "UTF-16", bytes: Buffer.from("\ufeffa.vhdx\r\n", "utf16le"), message: "is UTF-16" },
    {
      what: "a NUL in a line",
      bytes: bytesOf("a\nb\0c\n"),
      message: "line 2 of the list of images holds a NUL",
    },
    {
      what: "a line without an end",
      bytes: new Uint8Array(100_000).fill(0x61),
      message: "line 1 of the list",
    },
    {
      what: "too many lines",
      bytes: new Uint8Array(1_000_001).fill(0x0a),
      message: "more than 1000000 lines",
    },
    {
      what: "too many bytes",
      bytes: new Uint8Array(LIST_BYTES_MAX + 1),
      message: "more than 134217728 bytes",
    },
  ])("with $what is wrong usage", ({ bytes, isNullSeparated = false, message }) => {
    expect(() => readImageList(bytes, { isNullSeparated })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
    );
  });

  test.each([
    { isNullSeparated: true, separator: "\0" },
    { isNullSeparated: false, separator: "\n" },
    { isNullSeparated: false, separator: "\r\n" },
  ])("gives back the paths that were joined: $separator", ({ isNullSeparated, separator }) => {
    const path = fc.stringMatching(/^[^\s\0\ufeff][^\r\n\0]{0,20}$/u);
    fc.assert(
      fc.property(fc.array(path), (paths) => {
        const bytes = bytesOf(paths.map((one) => one + separator).join(""));
        expect(readImageList(bytes, { isNullSeparated })).toEqual(paths);
      }),
    );
  });
});
