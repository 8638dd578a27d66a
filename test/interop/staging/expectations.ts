import { basename, dirname } from "node:path";
import { expect } from "vitest";
import type { TriggerId } from "../../../src/guest/index.ts";
import { readBytes } from "../../../src/io/index.ts";
import type { PlanReport, StagingOptions } from "../../../src/staging/index.ts";
import type { Truth } from "../guests/builder.ts";
import { sha256, type VolumeView } from "./volume-view.ts";

const STAGED = "Windows/Setup/vmguest";
const SYSTEM = "Windows/System32/config/SYSTEM";

/** A name that is its own short form, whatever the case of its letters. */
const SHORT_NAME = /^[\w~-]{1,8}(\.[\w-]{1,3})?$/;

interface Staging {
  readonly truth: Truth;
  readonly plan: PlanReport;
  readonly options: StagingOptions;
  /** Of the change, as istat prints it. */
  readonly time: string;
}

/** Package, description, script and whatever else was planned are there, with records that are as Windows makes them. */
export function expectPlannedFiles(
  after: VolumeView,
  before: Pick<VolumeView, "records">,
  { plan, options, time, truth }: Staging,
): void {
  const made = plan.changes.filter(({ kind }) => kind === "create-file" || kind === "create-directory");
  expect([...after.records.keys()].filter((path) => !before.records.has(path)).sort()).toEqual(
    made.map(({ path }) => path).sort(),
  );
  for (const { path, kind, bytes } of made) {
    const { parents, links, names, sizes, times } = after.recordOf(path);
    const name = basename(path);
    const shortNames = names.filter((other) => other !== name);
    expect({ path, links, count: names.length, parents: [...new Set(parents)], sizes, times }).toEqual({
      path,
      links: names.length,
      count: 1 + shortNames.length,
      parents: [after.records.get(dirname(path))],
      sizes: kind === "create-file" ? [bytes] : [],
      times: [time],
    });
    // What is no name of 8.3 has one besides, unless the volume has none at all.
    const needsShort = !SHORT_NAME.test(name) && !truth.args["no_dos_names"];
    expect(shortNames).toEqual(needsShort ? [expect.stringMatching(SHORT_NAME)] : []);
  }
  const [file = ""] = plan.package?.place ?? [];
  const offered = options.openFile(file);
  const digest = sha256(readBytes(offered, 0, offered.sizeBytes));
  const cabinet = `${STAGED}/ic.cab`;
  expect(sha256(after.contentOf(cabinet))).toBe(digest);
  expect(after.digests([cabinet]).get(cabinet)).toBe(digest);
  const job = after.contentOf(`${STAGED}/job.ini`).toString("latin1");
  expect(job).toContain(digest);
  expect(job).toContain(plan.package?.identity);
  expect(after.contentOf(`${STAGED}/run.cmd`).toString("latin1")).toMatch(/^@echo off\r\n[\s\S]*\r\n$/);
}

/** Files and registry are, but for the plan, what they were. */
export function expectOnlyPlannedChanges(
  after: VolumeView,
  before: Pick<VolumeView, "records" | "system">,
  { plan, truth }: Pick<Staging, "plan" | "truth">,
): void {
  const kept = [...before.records].filter(([path, number]) => after.records.get(path) !== number);
  expect(kept).toEqual([]);

  const touched = new Set(plan.changes.map(({ path }) => path));
  const files = Object.entries({ ...truth.fileList, ...plainFiles(truth) })
    .filter(([path]) => !touched.has(path) && path !== SYSTEM)
    .map(([path, { sha256: digest }]) => [path, digest] as const);
  expect(after.digests(files.map(([path]) => path))).toEqual(new Map(files));

  const values = plan.changes.filter(({ kind, path }) => kind === "set-value" && path === SYSTEM);
  const written = values.flatMap(({ key, value }) => [`/${slashed(key)}/${value}`, `/${slashed(key)}`]);
  const pathsOf = (lines: readonly string[], others: readonly string[]) => {
    const known = new Set(others);
    return lines.filter((line) => !known.has(line)).map((line) => line.split(",")[0] ?? "");
  };
  const wrong = [...pathsOf(before.system, after.system), ...pathsOf(after.system, before.system)].filter(
    (path) => !written.includes(path),
  );
  expect(wrong).toEqual([]);
  for (const { key, value, data } of values) {
    expect(after.valueOf(key ?? "", value ?? "")).toBe(data);
  }
}

const slashed = (key: string | null) => (key ?? "").replaceAll("\\", "/");

/** Special files but those whose truth is that of a named stream. */
const plainFiles = ({ special }: Truth) =>
  Object.fromEntries(Object.entries(special).filter(([, { stream }]) => stream === undefined));

const SETUP_COMPLETE = "Windows/Setup/Scripts/SetupComplete.cmd";
const POLICY = "Windows/System32/GroupPolicy";

/** What makes Windows run the script is there, in the words that Windows looks for. */
export function expectTrigger(after: VolumeView, trigger: TriggerId): void {
  switch (trigger) {
    case "setup-mode":
      expect(after.valueOf("Setup", "SetupType")).toBe("2");
      expect(after.valueOf("Setup", "CmdLine")).toMatch(/call C:\\Windows\\Setup\\vmguest\\run\.cmd$/);
      break;
    case "setup-complete":
      expect(after.contentOf(SETUP_COMPLETE).toString("latin1")).toMatch(/vmguest\\run\.cmd/);
      break;
    case "group-policy": {
      const scripts = after.contentOf(`${POLICY}/Machine/Scripts/scripts.ini`);
      expect(scripts.toString("utf16le")).toMatch(
        /\[Startup\]\r\n0CmdLine=.*cmd\.exe\r\n0Parameters=.*vmguest\\run\.cmd\r\n/,
      );
      expect(after.contentOf(`${POLICY}/gpt.ini`).toString("latin1")).toMatch(/^gPCMachineExtensionNames=/im);
      break;
    }
    default:
      expect.fail(`no guest here is to be run by ${trigger}`);
  }
}
