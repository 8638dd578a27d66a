import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  armedCommandLine,
  groupPolicyCommand,
  runOnceCommand,
  type TriggerId,
} from "../../../src/guest/index.ts";
import { planTrigger } from "../../../src/staging/triggers/index.ts";
import { startupScripts } from "../../../src/staging/triggers/scripts-ini.ts";
import { type LabGuest, LabTarget, SETUP_STATES } from "../lab-target.ts";

const ROOT = { systemRoot: "C:\\Windows" };
const FOLDER = "Windows/System32/GroupPolicy";
const GPT = `${FOLDER}/gpt.ini`;
const SCRIPTS = `${FOLDER}/Machine/Scripts/scripts.ini`;
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const wide = (text: string) => encodeUtf16(`\ufeff${text}`);

const plan = (trigger: TriggerId, target: LabTarget) => planTrigger(trigger, target, ROOT);
const guest = (change: Partial<LabGuest> = {}) => LabTarget.of({ release: "ws2012r2", ...change });

describe("setup mode", () => {
  test("is a command first, and SetupType alone last", () => {
    const target = guest();
    const changes = plan("setup-mode", target);
    expect(changes).toMatchObject([
      {
        kind: "set-value",
        stage: "preparation",
        hive: target.windows.systemPath,
        key: "Setup",
        name: "CmdLine",
        type: 1,
      },
      { kind: "set-value", stage: "arming", key: "Setup", name: "SetupType", type: 4, text: "2" },
    ]);
    const setup = target.after(changes).windows.system.require("Setup");
    expect(setup.value("CmdLine")?.text()).toBe(armedCommandLine("C:\\Windows"));
    expect(setup.value("SetupType")?.number()).toBe(2);
    expect(plan("setup-mode", target.after(changes))).toEqual([]);
  });

  test("sets what is missing of both alone", () => {
    const target = guest();
    const [command, type] = plan("setup-mode", target);
    if (command === undefined || type === undefined) return expect.fail("two changes are wanted");
    expect(plan("setup-mode", target.after([command]))).toEqual([type]);
    expect(plan("setup-mode", target.after([type]))).toEqual([command]);
  });

  test("leaves every other value of the key as it is, and adds none", () => {
    const valuesOf = (target: LabTarget) =>
      [...target.windows.system.require("Setup").values()]
        .filter(({ name }) => name !== "CmdLine" && name !== "SetupType")
        .map((value) => [value.name, value.type, value.data()]);
    const target = guest();
    expect(valuesOf(target.after(plan("setup-mode", target)))).toEqual(valuesOf(target));
  });

  test("refuses a folder that may not stand in a command", () => {
    expect(() => planTrigger("setup-mode", guest(), { systemRoot: "C:\\Win dows" })).toThrow(
      expect.objectContaining({ code: "STAGE_SYSTEM_ROOT" }),
    );
  });
});

describe("local group policy", () => {
  const OURS = groupPolicyCommand("C:\\Windows");

  test("is made where there is none: folders, the first one hidden, then scripts.ini, then gpt.ini", () => {
    const target = guest();
    const changes = plan("group-policy", target);
    expect(changes).toMatchObject([
      { kind: "create-directory", stage: "preparation", path: FOLDER, attributes: 2 },
      { kind: "create-directory", stage: "preparation", path: `${FOLDER}/Machine` },
      { kind: "create-directory", stage: "preparation", path: `${FOLDER}/Machine/Scripts` },
      { kind: "create-file", stage: "arming", path: SCRIPTS },
      { kind: "create-file", stage: "arming", path: GPT },
    ]);
    expect(changes.slice(1).every((change) => !("attributes" in change))).toBe(true);
    const after = target.after(changes);
    expect(after.text(GPT)).toMatch(/^\[General\]\r\n/);
    expect(bytes(after.text(SCRIPTS))).toEqual(
      wide(`[Startup]\r\n0CmdLine=${OURS.commandLine}\r\n0Parameters=${OURS.parameters}\r\n`),
    );
    expect(plan("group-policy", after)).toEqual([]);
  });

  test.each([
    { encoding: "UTF-16", encode: wide },
    { encoding: "bytes of a code page", encode: bytes },
  ])("keeps the policy that is there, in $encoding", ({ encode }) => {
    const theirs =
      "\r\n[Startup]\r\n0CmdLine=caf\xe9.cmd\r\n0Parameters=\r\n[Shutdown]\r\n0CmdLine=b.cmd\r\n0Parameters=\r\n";
    const gpt = "[General]\r\ngPCFunctionalityVersion=2\r\nVersion=196611\r\n";
    const target = guest({
      volume: {
        [SCRIPTS]: encode(theirs),
        [GPT]: bytes(gpt),
        [`${FOLDER}/Machine/Registry.pol`]: bytes("PReg"),
      },
    });
    const changes = plan("group-policy", target);
    expect(changes.map(({ kind, stage }) => [kind, stage])).toEqual([
      ["replace-file", "arming"],
      ["replace-file", "arming"],
    ]);
    const after = target.after(changes);
    const ours = `1CmdLine=${OURS.commandLine}\r\n1Parameters=${OURS.parameters}\r\n`;
    expect(bytes(after.text(SCRIPTS))).toEqual(encode(theirs.replace("[Shutdown]", `${ours}[Shutdown]`)));
    expect(after.text(GPT)).toMatch(/^\[General\]\r\ngPCFunctionalityVersion=2\r\nVersion=196612\r\ngPCM/);
    expect(plan("group-policy", after)).toEqual([]);
  });

  test("is announced again where the entry stands but nobody says so, and leaves the entry alone", () => {
    const target = guest();
    const armed = target.after(plan("group-policy", target));
    const silent = guest({
      volume: { [SCRIPTS]: bytes(armed.text(SCRIPTS)), [GPT]: bytes("[General]\r\nVersion=1\r\n") },
    });
    expect(plan("group-policy", silent)).toMatchObject([{ kind: "replace-file", path: GPT }]);
  });

  test("has its version go on where the scripts are announced already", () => {
    const armed = guest().after(plan("group-policy", guest()));
    const target = guest({ volume: { [GPT]: bytes(armed.text(GPT)) } });
    const after = target.after(plan("group-policy", target));
    expect(after.text(GPT)).toBe(armed.text(GPT).replace("Version=1", "Version=2"));
  });

  test("never touches the scripts of PowerShell", () => {
    const path = `${FOLDER}/Machine/Scripts/psscripts.ini`;
    const target = guest({ volume: { [path]: wide("[ScriptsConfig]\r\nStartExecutePSFirst=true\r\n") } });
    expect(plan("group-policy", target).map((change) => "path" in change && change.path)).not.toContain(path);
  });

  test.each([
    { path: SCRIPTS, content: bytes("[Startup]\r\n3CmdLine=x\r\n") },
    { path: SCRIPTS, content: bytes("\xef\xbb\xbf[Startup]\r\n") },
    { path: GPT, content: bytes("[General]\r\nVersion=one\r\n") },
    { path: GPT, content: bytes("x".repeat(70_000)) },
    { path: FOLDER, content: bytes("a file") },
    { path: `${GPT}/`, content: bytes("") },
  ])("refuses what it cannot add to, with the place ($path)", ({ path, content }) => {
    const error = {
      code: "TRIGGER_FILE_UNSUITABLE",
      where: expect.objectContaining({ path: path.replace(/\/$/, "") }),
    };
    expect(() => plan("group-policy", guest({ volume: { [path]: content } }))).toThrow(
      expect.objectContaining(error),
    );
  });

  test("runs a program that Windows finds, with the script for its parameter", () => {
    const target = guest();
    const text = Buffer.from(target.after(plan("group-policy", target)).text(SCRIPTS), "latin1").toString(
      "utf16le",
    );
    expect(startupScripts(text)).toEqual([OURS]);
    expect(OURS.commandLine).toBe("C:\\Windows\\System32\\cmd.exe");
  });
});

describe("RunOnce", () => {
  const KEY = "Microsoft\\Windows\\CurrentVersion\\RunOnce";
  const audited = (values?: Record<string, string>) => {
    const { system, software } = SETUP_STATES.audit;
    const { CurrentVersion } = software.Microsoft.Windows;
    const runOnce = values === undefined ? {} : { RunOnce: values };
    return guest({
      system,
      software: { Microsoft: { Windows: { CurrentVersion: { ...CurrentVersion, ...runOnce } } } },
    });
  };

  test("gets a value that is deleted before it is run", () => {
    const target = audited({ other: "x.exe" });
    const changes = plan("run-once", target);
    expect(changes).toMatchObject([
      { kind: "set-value", stage: "arming", key: KEY, name: "vmguest", type: 1 },
    ]);
    const after = target.after(changes);
    const key = after.windows.software.require(KEY);
    expect([...key.values()].map(({ name }) => name)).toEqual(["other", "vmguest"]);
    expect(key.value("vmguest")?.text()).toBe(runOnceCommand("C:\\Windows"));
    expect(plan("run-once", after)).toEqual([]);
  });

  test("is made where the guest has no such key", () => {
    const target = audited();
    const changes = plan("run-once", target);
    expect(changes.map(({ kind, stage }) => [kind, stage])).toEqual([
      ["create-key", "preparation"],
      ["set-value", "arming"],
    ]);
    expect(target.after(changes).windows.software.require(KEY).valueCount).toBe(1);
  });

  test("is refused where somebody else has the name", () => {
    expect(() => plan("run-once", audited({ VMGUEST: "x.exe" }))).toThrow(
      expect.objectContaining({ code: "TRIGGER_UNSAFE", message: expect.stringContaining("something else") }),
    );
  });

  test("is refused where the command is longer than Windows runs", () => {
    expect(() => planTrigger("run-once", audited(), { systemRoot: `C:\\${"W".repeat(64)}` })).toThrow(
      expect.objectContaining({ code: "TRIGGER_UNSAFE" }),
    );
  });
});

test("a script that is started by hand takes no change", () => {
  expect(plan("stage-only", guest())).toEqual([]);
});
