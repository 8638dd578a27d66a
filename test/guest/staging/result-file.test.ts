import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { parseResult, RESULT_PHASES } from "../../../src/guest/index.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const parse = (text: string) => parseResult(bytesOf(text));

describe("a result", () => {
  test("is read field by field, and what nobody knows is kept", () => {
    const text =
      "schema=1\r\njob=6F96\r\nphase=failed\r\nattempt=2\r\ntool=dism\r\nexit=-2146498529\r\n" +
      "detail=store corrupt\r\nreboot_needed=0\r\nos=Microsoft Windows [Version 6.1.7601]\r\n";
    const { fields, ...result } = parse(text);
    expect(result).toEqual({
      phase: "failed",
      job: "6f96",
      attempt: 2,
      tool: "dism",
      exitCode: -2146498529,
      detail: "store corrupt",
      rebootNeeded: false,
    });
    expect(fields.get("os")).toBe("Microsoft Windows [Version 6.1.7601]");
  });

  test.each(RESULT_PHASES)("may be in the phase %s", (phase) => {
    expect(parse(`phase=${phase}\n`)).toMatchObject({ phase });
  });

  test.each<[title: string, text: string, part: object]>([
    ["blanks that echo left", " phase = installed \r\nexit=0 \r\n", { phase: "installed", exitCode: 0 }],
    ["a field twice", "phase=started\r\nphase=installed\r\n", { phase: "installed" }],
    ["names in capitals", "PHASE=installed\r\n", { phase: "installed" }],
    ["lines that are none", "[x]\r\n=1\r\nphase=installed\r\n;phase=failed\r\n", { phase: "installed" }],
    ["the code without its sign", "phase=failed\nexit=2148468767", { exitCode: -2146498529 }],
    [
      "letters of a code page",
      "phase=failed\ndetail=Zugriff verweigert f\x81r",
      { detail: "Zugriff verweigert f\ufffdr" },
    ],
    ["NULs in a field", "phase=failed\ndetail=a\0b", { detail: "a\0b" }],
    ["a restart that is needed", "phase=pending-reboot\nreboot_needed=1", { rebootNeeded: true }],
  ])("is understood with %s", (_title, text, part) => {
    expect(parse(text)).toMatchObject(part);
  });

  test.each(["", "zero", "0x10", "1e3", "-", "4294967296", "-2147483649", "-0", "99999999999"])(
    "has no exit code where it says %j",
    (code) => {
      expect(parse(`phase=failed\nexit=${code}`).exitCode).toBeUndefined();
    },
  );

  test.each(["", "0", "-1", "1.5", "10000"])("has no attempt where it says %j", (attempt) => {
    expect(parse(`phase=failed\nattempt=${attempt}`).attempt).toBeUndefined();
  });

  test("keeps of a field what a report can hold", () => {
    expect(parse(`phase=failed\ndetail=${"x".repeat(5000)}`).detail).toHaveLength(256);
  });
});

test.each<[title: string, message: string, bytes: Uint8Array]>([
  ["is empty", "no phase", bytesOf("")],
  ["is of NULs", "no phase", new Uint8Array(512)],
  ["has no phase", "no phase", bytesOf("exit=0\r\n")],
  ["has a phase of tomorrow", '"sleeping" is no phase', bytesOf("phase=sleeping\r\n")],
  ["has a phase that objects have", "is no phase", bytesOf("phase=constructor\r\n")],
  ["is in UTF-16", "no phase", new Uint8Array(Buffer.from("\ufeffphase=installed\r\n", "utf16le"))],
  ["is huge", "bytes", new Uint8Array(16 * 1024 + 1)],
])("a result that %s is refused", (_title, message, bytes) => {
  expect(() => parseResult(bytes)).toThrow(
    expect.objectContaining({ code: "STAGING_RESULT", message: expect.stringContaining(message) }),
  );
});

test("whatever a result file holds, it is read or refused with a typed error", () => {
  const words = fc.constantFrom(
    "phase=",
    "failed",
    "exit=",
    "attempt=",
    "\r\n",
    "\n",
    "=",
    "-1",
    "\0",
    "\xff",
  );
  const text = fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (content) => {
      try {
        expect(RESULT_PHASES).toContain(parse(content).phase);
      } catch (error) {
        expect(error).toBeInstanceOf(VmguestError);
      }
    }),
  );
});
