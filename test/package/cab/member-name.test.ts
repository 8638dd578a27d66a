import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkMemberName } from "../../../src/package/cab/index.ts";

describe("a name that is safe below a folder of the host", () => {
  test.each([
    "a",
    "update.mum",
    "amd64_wvmbus.inf_31bf3856ad364e35_6.3.9600.19456_none_c5f2\\vmbus.sys",
    "amd64/vmbus.sys",
    "Package_1_for_KB2938772~31bf3856ad364e35~amd64~~6.3.1.0.mum",
    ".hidden",
    "...a",
    "a b/c d",
    "COM",
    "COM10",
    "console.txt",
    "nullify",
    "com1x.txt",
    "a.nul",
    "aux-files/x",
    "Grüße/日本語.txt",
    "%PATH%$HOME`id`",
    "a".repeat(255),
    "日".repeat(85),
  ])("may be %j", (name) => {
    expect(checkMemberName(name)).toBeNull();
  });
});

describe("a name that is not", () => {
  test.each([
    { name: "", reason: "it is empty" },
    { name: "..", reason: "it has a component .." },
    { name: "../a", reason: "it has a component .." },
    { name: "..\\a", reason: "it has a component .." },
    { name: "a/../../b", reason: "it has a component .." },
    { name: "a/..", reason: "it has a component .." },
    { name: "./a", reason: "it has a component ." },
    { name: "/etc/passwd", reason: "it is an absolute path" },
    { name: "\\Windows\\System32", reason: "it is an absolute path" },
    { name: "\\\\server\\share\\a", reason: "it is a path of the network or of a device" },
    { name: "//server/share/a", reason: "it is a path of the network or of a device" },
    { name: "\\\\?\\C:\\a", reason: "it is a path of the network or of a device" },
    { name: "C:\\a", reason: "it names a drive" },
    { name: "c:a", reason: "it names a drive" },
    { name: "a.txt:stream", reason: "it names an alternate data stream" },
    { name: "ab::$DATA", reason: "it names an alternate data stream" },
    { name: "a/b:c", reason: "it names an alternate data stream" },
    { name: "a/", reason: "it has an empty component" },
    { name: "a//b", reason: "it has an empty component" },
    { name: "a\\\\b", reason: "it has an empty component" },
    { name: "a.", reason: "it has a component that ends in a dot or a space, which Windows drops" },
    { name: "a ", reason: "it has a component that ends in a dot or a space, which Windows drops" },
    { name: "a./b", reason: "it has a component that ends in a dot or a space, which Windows drops" },
    { name: "... /b", reason: "it has a component that ends in a dot or a space, which Windows drops" },
    { name: "a\0b", reason: "it has a control character" },
    { name: "a\nb", reason: "it has a control character" },
    { name: "a\u001b[2J", reason: "it has a control character" },
    { name: "a\u0085b", reason: "it has a control character" },
    { name: "a\u007f", reason: "it has a control character" },
    { name: "a?", reason: "it has a character that Windows does not allow in names" },
    { name: "a*b", reason: "it has a character that Windows does not allow in names" },
    { name: '"a"', reason: "it has a character that Windows does not allow in names" },
    { name: "a|b", reason: "it has a character that Windows does not allow in names" },
    { name: "<a>", reason: "it has a character that Windows does not allow in names" },
    { name: "a".repeat(256), reason: "it has more than 255 characters" },
    { name: "日".repeat(86), reason: "it has a component of more than 255 bytes" },
  ])("is $name: $reason", ({ name, reason }) => {
    expect(checkMemberName(name)).toBe(reason);
  });

  const devices = [
    "CON",
    "prn",
    "Aux",
    "NUL",
    "CLOCK$",
    "CONIN$",
    "conout$",
    "COM1",
    "com9",
    "COM0",
    "LPT1",
    "lpt9",
  ];
  const spellings = [...devices, "COM¹", "com²", "LPT³"].flatMap((name) => [
    name,
    `${name}.txt`,
    `${name}.tar.gz`,
    `${name} .txt`,
    `dir/${name}`,
    `${name}\\a`,
  ]);

  test.each(spellings)("is the device %s", (name) => {
    expect(checkMemberName(name)).toMatch(/^it names the device/);
  });

  test("never resolves to a place outside of a folder", () => {
    const part = fc.constantFrom("..", ".", "", "a", "b.c", " ", "C:", "\\", "/", "~", "nul", "x.", ":s");
    const name = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(name, (name) => {
        if (checkMemberName(name) !== null) return;
        const components = name.split(/[/\\]/);
        expect(components.every((component) => /^[^:]*[^:. ]$/.test(component))).toBe(true);
        expect(new URL(name, "file:///target/").pathname).toMatch(/^\/target\/./);
      }),
    );
  });
});
