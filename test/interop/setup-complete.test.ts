import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planTrigger } from "../../src/staging/triggers/index.ts";
import { LabTarget, SETUP_STATES } from "../staging/lab-target.ts";

/** What a real run.cmd may do to its caller: variables, folder, echo, exit code, and the removal of itself. */
const SCRIPT = [
  "@echo off",
  "setlocal",
  "set OURS=1",
  "cd /d C:\\windows",
  ">>C:\\log.txt echo ours",
  "if exist C:\\keep exit /b 0",
  '(goto) 2>nul & del /f /q "%~f0" & ver >nul',
  'del /f /q "%~f0" & exit /b 0',
];

const SAY = ">>C:\\log.txt echo theirs";
/** Scripts of customers, which write down what they see. */
const THEIRS: Readonly<Record<string, string>> = {
  exit: `@echo off\r\n${SAY} %OURS% %CD% %ERRORLEVEL% %1\r\nexit 7\r\n${SAY} never\r\n`,
  "exit /b": `set X=1\r\n${SAY} %X% %OURS% %CD% %ERRORLEVEL%\r\nexit /b 5\r\n`,
  "goto :eof": `goto work\r\n:no\r\n${SAY} never\r\n:work\r\ncall :sub a\r\ngoto :eof\r\n:sub\r\n${SAY} %1\r\nexit /b 3\r\n`,
  "labels behind lines that end in LF": `@echo off\ngoto end\n${SAY} never\n:end\n${SAY} end\nexit /b 4\n`,
};

const prefix = mkdtempSync(join(tmpdir(), "vmguest-setup-complete-"));
const drive = join(prefix, "drive_c");
const SCRIPTS = "windows/Setup/Scripts";
const RUN_CMD = join(drive, "windows/Setup/vmguest/run.cmd");

function wine(...args: string[]) {
  const env = { ...process.env, WINEPREFIX: prefix, WINEDEBUG: "-all", DISPLAY: "" };
  return spawnSync(args[0] ?? "", args.slice(1), { env, timeout: 60_000, cwd: prefix, stdio: "ignore" });
}

beforeAll(() => {
  // Stays for a while, so that not every start of a program starts a server.
  expect(wine("wineserver", "-p60").status).toBe(0);
  expect(wine("wine", "wineboot", "-i").status).toBe(0);
  for (const folder of [SCRIPTS, "windows/Setup/vmguest"])
    mkdirSync(join(drive, folder), { recursive: true });
}, 120_000);

afterAll(() => {
  wine("wineserver", "-k", "-w");
  rmSync(prefix, { recursive: true, force: true });
}, 120_000);

/** Runs a script as Windows Setup would: what was written down, and with what it ended. */
function run(script: string) {
  const log = join(drive, "log.txt");
  rmSync(log, { force: true });
  writeFileSync(join(drive, SCRIPTS, "SetupComplete.cmd"), script, "latin1");
  const { status } = wine("wine", "cmd", "/c", "C:\\windows\\Setup\\Scripts\\SetupComplete.cmd");
  const lines = existsSync(log) ? readFileSync(log, "latin1").split(/\s*\r?\n/) : [];
  return { status, lines: lines.filter((line) => line !== "") };
}

/** The script as staging leaves it. */
function chained(theirs: string): string {
  const path = "Windows/Setup/Scripts/SetupComplete.cmd";
  const volume = { [path]: Uint8Array.from(Buffer.from(theirs, "latin1")) };
  const target = LabTarget.of({ release: "ws2012r2", ...SETUP_STATES.generalized, volume });
  return target.after(planTrigger("setup-complete", target, { systemRoot: "C:\\Windows" })).text(path);
}

describe.each(Object.entries(THEIRS))("a customer's script that ends with %s", (_, theirs) => {
  test("does behind ours what it does alone, whatever becomes of our script", { timeout: 120_000 }, () => {
    const alone = run(theirs);
    expect(alone.lines).toHaveLength(1);
    for (const ours of ["removes itself", "stays"] as const) {
      rmSync(join(drive, "keep"), { force: true });
      if (ours === "stays") writeFileSync(join(drive, "keep"), "");
      writeFileSync(RUN_CMD, SCRIPT.map((line) => `${line}\r\n`).join(""));
      expect(run(chained(theirs))).toEqual({ status: alone.status, lines: ["ours", ...alone.lines] });
      expect(existsSync(RUN_CMD)).toBe(ours === "stays");
    }
    rmSync(RUN_CMD);
    expect(run(chained(theirs))).toEqual(alone);
  });
});
