import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { announceScripts, machinePartIsOff, namesScripts } from "../../../src/staging/triggers/gpt-ini.ts";
import { decodeText, encodeText } from "../../../src/staging/triggers/guest-text.ts";
import { addStartupScript, startupScripts } from "../../../src/staging/triggers/scripts-ini.ts";

const SCRIPTS = "{42B5FAAE-6536-11D2-AE5A-0000F87571E3}{40B6664F-4972-11D1-A7CA-0000F87571E3}";
const REGISTRY = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{0F6B957D-509E-11D1-A7CC-0000F87571E3}";
const SECURITY = "{827D319E-6EAC-11D2-A4EA-00C04F79F83A}{803E14A0-B4FB-11D0-A0D0-00A0C90F574B}";
const unsuitable = (words: RegExp) =>
  expect.objectContaining({ code: "TRIGGER_FILE_UNSUITABLE", message: expect.stringMatching(words) });
const gpt = (...lines: string[]) => ["[General]", ...lines, ""].join("\r\n");

/** Values of a gpt.ini by a reader of its own. */
const valuesIn = (text: string) =>
  Object.fromEntries([...text.matchAll(/^([A-Za-z]+)=(.*?)\r?$/gm)].map(([, key, value]) => [key, value]));

describe("gpt.ini", () => {
  test("is made where there is none", () => {
    expect(announceScripts("")).toBe(
      gpt("gPCFunctionalityVersion=2", `gPCMachineExtensionNames=[${SCRIPTS}]`, "Version=1"),
    );
  });

  test.each([
    { of: "another extension before it", list: `[${REGISTRY}]`, result: `[${REGISTRY}][${SCRIPTS}]` },
    { of: "another extension after it", list: `[${SECURITY}]`, result: `[${SCRIPTS}][${SECURITY}]` },
    {
      of: "extensions on both sides",
      list: `[${REGISTRY}][${SECURITY}]`,
      result: `[${REGISTRY}][${SCRIPTS}][${SECURITY}]`,
    },
    { of: "itself", list: `[${SCRIPTS}]`, result: `[${SCRIPTS}]` },
    { of: "itself in lower case", list: `[${SCRIPTS.toLowerCase()}]`, result: `[${SCRIPTS.toLowerCase()}]` },
    {
      of: "an extension with several tools",
      list: `[${REGISTRY}{D02B1F72-3407-48AE-BA88-E8213C6761F1}]`,
      result: `[${REGISTRY}{D02B1F72-3407-48AE-BA88-E8213C6761F1}][${SCRIPTS}]`,
    },
    { of: "nothing", list: "", result: `[${SCRIPTS}]` },
  ])("gets the extension into the list of $of, in the order of the GUIDs", ({ list, result }) => {
    const text = announceScripts(gpt(`gPCMachineExtensionNames=${list}`, "Version=65539"));
    expect(valuesIn(text)["gPCMachineExtensionNames"]).toBe(result);
    expect(namesScripts(text)).toBe(true);
  });

  test.each([
    ["0", "1"],
    ["1", "2"],
    ["65539", "65540"],
    ["65535", "1"],
    ["131071", "65537"],
    ["4294967295", "4294901761"],
    ["4294901760", "4294901761"],
  ])("has the version %s of both halves become %s", (version, next) => {
    expect(valuesIn(announceScripts(gpt(`Version=${version}`)))["Version"]).toBe(next);
  });

  test("changes the half of the version for the computer alone, and never to 0", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (version) => {
        const next = Number(valuesIn(announceScripts(gpt(`Version=${version}`)))["Version"]);
        expect(Math.floor(next / 0x1_0000)).toBe(Math.floor(version / 0x1_0000));
        expect(next % 0x1_0000).not.toBe(0);
        expect(next).not.toBe(version);
      }),
    );
  });

  test("keeps everything else", () => {
    const text = gpt(
      "gPCUserExtensionNames=[{A}]",
      "Version=65537",
      "gPCFunctionalityVersion=1",
      "Options=1",
      "displayName=New Group Policy Object",
    );
    const values = { ...valuesIn(text), Version: "65538", gPCMachineExtensionNames: `[${SCRIPTS}]` };
    expect(valuesIn(announceScripts(text))).toEqual(values);
  });

  test.each([
    ["Version=x", /^Version is no number/],
    ["Version=-1", /^Version is no number/],
    ["Version=4294967296", /^Version is no number/],
    ["gPCMachineExtensionNames=[{1}]", /no list of extensions/],
    [`gPCMachineExtensionNames=${SCRIPTS}`, /no list of extensions/],
  ])("with %s is not added to", (line, words) => {
    expect(() => announceScripts(gpt(line))).toThrow(unsuitable(words));
  });

  test.each([
    [gpt("Version=1"), false],
    [gpt("Options=0"), false],
    [gpt("Options=1"), false],
    [gpt("Options=2"), true],
    [gpt("options=3"), true],
    ["", false],
  ])("%j turns the computer's part off: %s", (text, isOff) => {
    expect(machinePartIsOff(text)).toBe(isOff);
  });
});

describe("scripts.ini", () => {
  const OURS = { commandLine: "C:\\Windows\\System32\\cmd.exe", parameters: "/d /c x" };
  const THEIRS = "[Startup]\r\n0CmdLine=a.cmd\r\n0Parameters=1 2\r\n";

  test.each([
    { where: "nowhere", text: "", index: 0 },
    { where: "behind another", text: THEIRS, index: 1 },
    { where: "behind one without parameters", text: "[Startup]\r\n0CmdLine=a.cmd\r\n", index: 1 },
    { where: "in an empty section", text: "[Startup]\r\n", index: 0 },
    {
      where: "before another section",
      text: `\r\n${THEIRS}\r\n[Shutdown]\r\n0CmdLine=b.cmd\r\n0Parameters=\r\n`,
      index: 1,
    },
    { where: "beside other sections alone", text: "[Shutdown]\r\n0CmdLine=b.cmd\r\n0Parameters=", index: 0 },
    {
      where: "behind others in any case and order",
      text: "[STARTUP]\n1parameters=\n1CMDLINE=b\n0cmdline=a\n",
      index: 2,
    },
  ])("gets a script $where", ({ text, index }) => {
    const before = startupScripts(text);
    const added = addStartupScript(text, OURS);
    expect(startupScripts(added)).toEqual([...before, OURS]);
    expect(before).toHaveLength(index);
    const lines = added.split(/\r?\n/);
    expect(lines.filter((line) => line.endsWith("cmd.exe"))).toEqual([`${index}CmdLine=${OURS.commandLine}`]);
    // What stood there before stands there still, in its order.
    const rest = lines.filter((line) => !line.endsWith("cmd.exe") && !line.endsWith("/d /c x"));
    const old = text.split(/\r?\n/).filter((line) => line !== "");
    expect(rest.filter((line) => line !== "" && (old.includes(line) || line !== "[Startup]"))).toEqual(old);
  });

  test.each([
    [
      "[Startup]\r\n1CmdLine=a\r\n1Parameters=\r\n",
      /^it has a start-up script 1, and none with the number 0$/,
    ],
    ["[Startup]\r\n0CmdLine=a\r\n2CmdLine=b\r\n", /script 2, and none with the number 1/],
    ["[Startup]\r\n0Parameters=a\r\n", /script 0/],
  ])("with a gap in its numbers (%j) is not added to", (text, words) => {
    expect(() => addStartupScript(text, OURS)).toThrow(unsuitable(words));
  });
});

describe("the encoding of a text", () => {
  test("comes back byte for byte", () => {
    const plain = fc.uint8Array({ max: 255, maxLength: 40 }).filter((bytes) => !bytes.includes(0));
    const marked = fc.uint8Array({ maxLength: 40 }).map((bytes) => {
      return Uint8Array.from([0xff, 0xfe, ...bytes.subarray(0, bytes.length - (bytes.length % 2))]);
    });
    fc.assert(
      fc.property(fc.oneof(plain, marked), (bytes) => {
        const marks = bytes[0] === 0xef || (bytes[0] === 0xfe && bytes[1] === 0xff);
        const isOdd = bytes[0] === 0xff && bytes[1] === 0xfe && bytes.length % 2 === 1;
        fc.pre(!marks && !isOdd);
        expect(encodeText(decodeText(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([
    { with: "UTF-8 behind a mark", bytes: [0xef, 0xbb, 0xbf, 0x40], words: /UTF-8/ },
    { with: "UTF-16BE", bytes: [0xfe, 0xff, 0, 0x40], words: /UTF-16BE/ },
    { with: "UTF-16 without a mark", bytes: [0x40, 0, 0x40, 0], words: /NULs/ },
    { with: "half a character at the end", bytes: [0xff, 0xfe, 0x40], words: /half a character/ },
  ])("is refused with $with", ({ bytes, words }) => {
    expect(() => decodeText(Uint8Array.from(bytes))).toThrow(unsuitable(words));
  });
});
