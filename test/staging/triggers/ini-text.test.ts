import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IniText } from "../../../src/staging/triggers/ini-text.ts";

const edit = (text: string, section: string, key: string, value: string) => {
  const ini = new IniText(text);
  ini.set(section, key, value);
  return ini.text;
};

describe("reading", () => {
  const TEXT = [
    "; a remark",
    "a=before any section",
    " [ General ] ; the first counts",
    "Version = 7 ",
    'Quoted="x y"',
    "version=8",
    ";Off=1",
    "Empty=",
    "=no key",
    "[Other]",
    "Version=9",
    "[general]",
    "Late=1",
  ].join("\r\n");

  test.each([
    ["General", "Version", "7"],
    ["GENERAL", "vERSION", "7"],
    ["General", "Quoted", "x y"],
    ["General", "Empty", ""],
    ["General", "Off", undefined],
    ["General", "Late", undefined],
    ["Other", "Version", "9"],
    ["None", "Version", undefined],
  ])("[%s] %s is %s", (section, key, value) => {
    expect(new IniText(TEXT).get(section, key)).toBe(value);
  });

  test("gives the entries of a section in their order", () => {
    const keys = new IniText(TEXT).entries("general").map(({ key }) => key);
    expect(keys).toEqual(["Version", "Quoted", "version", "Empty"]);
  });
});

describe("setting", () => {
  test.each([
    { to: "a text that is empty", text: "", result: "[S]\r\nk=v\r\n" },
    { to: "a value that is there", text: "[S]\r\nK = 1\r\nz=2\r\n", result: "[S]\r\nK=v\r\nz=2\r\n" },
    { to: "the last line without an end", text: "[S]\r\nk=1", result: "[S]\r\nk=v\r\n" },
    {
      to: "a section without the value",
      text: "[S]\r\nz=2\r\n\r\n[T]\r\n",
      result: "[S]\r\nz=2\r\nk=v\r\n\r\n[T]\r\n",
    },
    { to: "a section at the end without a line end", text: "[S]", result: "[S]\r\nk=v\r\n" },
    { to: "a text without the section", text: "[T]\r\nk=1", result: "[T]\r\nk=1\r\n[S]\r\nk=v\r\n" },
    { to: "a text with other line ends", text: "[S]\nz=2\n\n", result: "[S]\nz=2\nk=v\n\n" },
    {
      to: "an empty section between others",
      text: "[S]\r\n\r\n[T]\r\n",
      result: "[S]\r\nk=v\r\n\r\n[T]\r\n",
    },
  ])("adds to $to", ({ text, result }) => {
    expect(edit(text, "S", "k", "v")).toBe(result);
  });

  test("is read back, and leaves all other entries of any text as they were", () => {
    const line = fc.oneof(
      fc.constantFrom("", " ", "; remark", "[S]", "[T]", " [s] ", "[U]x", "junk"),
      fc
        .tuple(fc.constantFrom("a", "b", "K", "0CmdLine"), fc.constantFrom("", "1", " x y ", '"q"'))
        .map(([key, value]) => `${key}=${value}`),
    );
    const text = fc
      .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("\r\n", "\n"), fc.boolean())
      .map(([lines, end, isEnded]) => lines.join(end) + (isEnded ? end : ""));
    const others = (ini: IniText) =>
      ["S", "T", "U"].map((section) =>
        ini.entries(section).filter(({ key }) => section !== "S" || key.toUpperCase() !== "K"),
      );
    fc.assert(
      fc.property(text, (before) => {
        const after = new IniText(edit(before, "S", "k", "new"));
        expect(after.get("s", "K")).toBe("new");
        expect(others(after)).toEqual(others(new IniText(before)));
        expect(edit(after.text, "S", "k", "new")).toBe(after.text);
      }),
    );
  });
});
