import { expect, test } from "vitest";
import {
  armedCommandLine,
  groupPolicyCommand,
  runOnceCommand,
  setupCompleteLines,
} from "../../../src/guest/index.ts";

const RUN = "if exist C:\\Windows\\Setup\\vmguest\\run.cmd call C:\\Windows\\Setup\\vmguest\\run.cmd";

test("Winlogon's command disarms setup mode and any restart before it looks for the script", () => {
  expect(armedCommandLine("C:\\Windows").split(" & ")).toEqual([
    "C:\\Windows\\System32\\cmd.exe /d /c reg.exe add HKLM\\SYSTEM\\Setup /v SetupType /t REG_DWORD /d 0 /f",
    "reg.exe delete HKLM\\SYSTEM\\Setup /v SetupShutdownRequired /f",
    RUN,
  ]);
});

test("the other triggers do nothing once the script has gone", () => {
  expect(runOnceCommand("C:\\Windows")).toBe(`C:\\Windows\\System32\\cmd.exe /d /c ${RUN}`);
  expect(setupCompleteLines("C:\\Windows")).toEqual([expect.stringMatching(/^@rem /), `@${RUN}`]);
  expect(groupPolicyCommand("D:\\WINNT")).toEqual({
    commandLine: "D:\\WINNT\\System32\\cmd.exe",
    parameters:
      "/d /c if exist D:\\WINNT\\Setup\\vmguest\\run.cmd start /b D:\\WINNT\\System32\\cmd.exe /d /c D:\\WINNT\\Setup\\vmguest\\run.cmd",
  });
});

test.each([
  "C:\\Windows & del",
  "C:\\Program Files",
  "c:\\Windows",
  "C:\\",
  "\\\\server\\Windows",
  "C:\\Win%PATH%",
  "C:\\Windows\n",
  "",
])("a folder called %j never gets into a command", (systemRoot) => {
  const refused = expect.objectContaining({ code: "STAGE_SYSTEM_ROOT" });
  for (const build of [armedCommandLine, groupPolicyCommand, runOnceCommand, setupCompleteLines]) {
    expect(() => build(systemRoot)).toThrow(refused);
  }
});

test("a folder is refused whose name makes the command too long for Winlogon", () => {
  const root = (length: number) => `C:\\${"W".repeat(length)}`;
  const longest = Array.from({ length: 64 }, (_, length) => length + 1).findLast((length) => {
    try {
      return armedCommandLine(root(length)) !== "";
    } catch {
      return false;
    }
  });
  expect(armedCommandLine(root(longest ?? 0)).length).toBeLessThan(260);
  expect(longest).toBeGreaterThanOrEqual("Windows".length);
  expect(() => armedCommandLine(root((longest ?? 0) + 1))).toThrow(/makes a command of 26\d characters/);
  expect(runOnceCommand(root(64))).toContain(root(64));
});
