import {
  armedCommandLine,
  encodeJob,
  groupPolicyCommand,
  runOnceCommand,
  type StagingJob,
  setupCompleteLines,
} from "../../../src/guest/index.ts";
import type { FakeContent } from "../../lab/fake-file-system.ts";
import type { TreeChange, WindowsOptions } from "../../lab/windows.ts";
import { JOB, PAYLOAD } from "./jobs.ts";

const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** What stands in a guest that differs from a staging that waits for its first start. */
export interface StagedOptions extends Partial<Omit<WindowsOptions, "files">> {
  readonly job?: Partial<StagingJob>;
  /** Files of the staging to add, replace or (null) leave out: `ic.cab`. */
  readonly staging?: Readonly<Record<string, FakeContent | string | null>>;
  readonly files?: WindowsOptions["files"];
  /** `CurrentState` of packages by the names of their keys. */
  readonly packages?: Readonly<Record<string, number>>;
  /** Fields of result.ini; none where there is no such file. */
  readonly result?: Readonly<Record<string, string | number>>;
  /** What the registry says of jobs, by their ids. */
  readonly mirror?: Readonly<Record<string, TreeChange>>;
  readonly isArmed?: boolean;
}

/** A Server 2008 R2 with an update staged into it, as it was left or as a start has changed it. */
export function stagedWindows(options: StagedOptions = {}): WindowsOptions {
  const { job, staging, files, packages, result, mirror, isArmed = true, ...windows } = options;
  const full = { ...JOB, ...job };
  const folder: Record<string, FakeContent | string | null> = {
    "job.ini": encodeJob(full),
    "ic.cab": PAYLOAD,
    "run.cmd": "@exit /b 0\r\n",
    ...(result && { "result.ini": resultText({ schema: 1, job: full.id, ...result }) }),
    ...staging,
  };
  return {
    release: "ws2008r2",
    ...windows,
    files: { ...triggerFiles(full, isArmed), ...filesOf(folder), ...files },
    software: {
      Microsoft: {
        Windows: {
          CurrentVersion: {
            "Component Based Servicing": { Packages: packageKeys(packages) },
            ...(isArmed &&
              full.trigger === "run-once" && { RunOnce: { vmguest: runOnceCommand(full.systemRoot) } }),
          },
        },
      },
      ...(mirror && { vmguest: mirror }),
      ...windows.software,
    },
    system: {
      ...(isArmed &&
        full.trigger === "setup-mode" && {
          Setup: { SetupType: 2, CmdLine: armedCommandLine(full.systemRoot) },
        }),
      ...windows.system,
    },
  };
}

export const resultText = (fields: Readonly<Record<string, string | number>>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}\r\n`)
    .join("");

function triggerFiles({ trigger, systemRoot }: StagingJob, isArmed: boolean): Record<string, FakeContent> {
  if (!isArmed) return {};
  if (trigger === "setup-complete") {
    return { "Setup/Scripts/SetupComplete.cmd": ascii(`${setupCompleteLines(systemRoot).join("\r\n")}\r\n`) };
  }
  if (trigger !== "group-policy") return {};
  const { commandLine, parameters } = groupPolicyCommand(systemRoot);
  const scripts = `\ufeff\r\n[Startup]\r\n0CmdLine=${commandLine}\r\n0Parameters=${parameters}\r\n`;
  return {
    "System32/GroupPolicy/Machine/Scripts/scripts.ini": new Uint8Array(Buffer.from(scripts, "utf16le")),
    "System32/GroupPolicy/gpt.ini": ascii(
      "[General]\r\ngPCMachineExtensionNames=[{42B5FAAE-6536-11D2-AE5A-0000F87571E3}{40B6664F-4972-11D1-A7CA-0000F87571E3}]\r\nVersion=1\r\n",
    ),
  };
}

function filesOf(folder: Readonly<Record<string, FakeContent | string | null>>) {
  const entries = Object.entries(folder).map(([name, content]) => {
    return [`Setup/vmguest/${name}`, typeof content === "string" ? ascii(content) : content] as const;
  });
  return Object.fromEntries(entries);
}

const packageKeys = (packages: Readonly<Record<string, number>> = {}): TreeChange =>
  Object.fromEntries(Object.entries(packages).map(([name, CurrentState]) => [name, { CurrentState }]));
