import { describe, expect, test } from "vitest";
import { setupCompleteLines } from "../../../src/guest/index.ts";
import { planTrigger } from "../../../src/staging/triggers/index.ts";
import { LabTarget, SETUP_STATES } from "../lab-target.ts";

const PATH = "Windows/Setup/Scripts/SetupComplete.cmd";
const LINES = setupCompleteLines("C:\\Windows");
const HEAD = LINES.map((line) => `${line}\r\n`).join("");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

const guest = (volume: Record<string, Uint8Array> = {}) =>
  LabTarget.of({ release: "ws2012r2", ...SETUP_STATES.generalized, volume });
const plan = (target: LabTarget) => planTrigger("setup-complete", target, { systemRoot: "C:\\Windows" });
const chained = (text: string) => {
  const target = guest({ [PATH]: bytes(text) });
  return target.after(plan(target)).text(PATH);
};

describe("a guest without the script", () => {
  test("gets it with its folder, the folder first", () => {
    const changes = plan(guest());
    expect(changes).toMatchObject([
      { kind: "create-directory", stage: "preparation", path: "Windows/Setup/Scripts" },
      { kind: "create-file", stage: "arming", path: PATH },
    ]);
    expect(guest().after(changes).text(PATH)).toBe(HEAD);
  });

  test("gets it into a folder that is there", () => {
    const changes = plan(guest({ "Windows/Setup/Scripts/other.cmd": bytes("rem") }));
    expect(changes).toMatchObject([{ kind: "create-file", path: PATH }]);
  });
});

describe("a script that is there", () => {
  test.each([
    { that: "ends with exit", text: "@echo off\r\nmsiexec /i x.msi\r\nexit\r\n" },
    { that: "ends with exit /b", text: "@echo off\r\nif errorlevel 1 exit /b 1\r\ncall a.cmd\r\nexit /b 0" },
    { that: "ends with goto :eof", text: "call :work\r\ngoto :eof\r\n:work\r\nexit /b\r\n" },
    { that: "restarts the machine", text: "shutdown /r /t 0\r\n" },
    { that: "begins with a label", text: ":again\r\ngoto again\r\n" },
    { that: "has no end of line", text: "start x.exe" },
    { that: "is empty", text: "" },
    { that: "is in a code page", text: "rem \x81\x84\xff\r\necho \xe4\r\n" },
    {
      that: "has bytes of all sorts",
      text: Buffer.from(Array.from({ length: 255 }, (_, n) => n + 1))
        .toString("latin1")
        .replace("\n", ""),
    },
  ])("that $that follows ours, byte for byte", ({ text }) => {
    expect(chained(text)).toBe(HEAD + text);
  });

  test.each(["goto end\n:end\nexit\n", "rem one\n", "rem\r\nrem\n:label\n", `${"x".repeat(600)}\n`])(
    "that has lines ended by LF (%j) moves by whole blocks of 512 bytes",
    (text) => {
      const result = chained(text);
      expect(result.endsWith(text)).toBe(true);
      const head = result.slice(0, result.length - text.length);
      expect(head.length % 512).toBe(0);
      const lines = head.split(/\r?\n/).filter((line) => line !== "");
      expect(lines.slice(0, LINES.length)).toEqual(LINES);
      expect(lines.slice(LINES.length).every((line) => /^@rem -+$/.test(line))).toBe(true);
    },
  );

  test("is chained once only", () => {
    const target = guest({ [PATH]: bytes("exit\r\n") });
    const armed = target.after(plan(target));
    expect(plan(armed)).toEqual([]);
    expect(plan(guest().after(plan(guest())))).toEqual([]);
  });

  test.each([
    { because: "it is in UTF-16", content: Uint8Array.from([0xff, 0xfe, 0x40, 0]), words: /UTF-16/ },
    { because: "it is in UTF-16 without a mark", content: bytes("@\0e\0"), words: /NUL/ },
    { because: "it begins with the mark of UTF-8", content: bytes("\xef\xbb\xbf@echo off"), words: /UTF-8/ },
    { because: "it is too large", content: bytes("x".repeat(65_537)), words: /65537 bytes/ },
  ])("is refused where $because", ({ content, words }) => {
    const error = { code: "TRIGGER_FILE_UNSUITABLE", message: expect.stringMatching(words) };
    const where = expect.objectContaining({ path: PATH });
    expect(() => plan(guest({ [PATH]: content }))).toThrow(expect.objectContaining({ ...error, where }));
  });

  test("is refused where a folder has its name, and where a file has the name of its folder", () => {
    const refused = expect.objectContaining({ code: "TRIGGER_FILE_UNSUITABLE" });
    expect(() => plan(guest({ [`${PATH}/`]: bytes("") }))).toThrow(refused);
    expect(() => plan(guest({ "Windows/Setup/Scripts": bytes("") }))).toThrow(refused);
  });
});
