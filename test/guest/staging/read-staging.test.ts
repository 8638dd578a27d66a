import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import {
  armedCommandLine,
  findWindows,
  readWindowsFacts,
  type StagingState,
} from "../../../src/guest/index.ts";
import type { ByteSource } from "../../../src/io/index.ts";
import {
  buildWindows,
  RELEASES,
  type ReleaseName,
  type TreeChange,
  type WindowsOptions,
} from "../../lab/windows.ts";
import { JOB, PAYLOAD } from "./jobs.ts";
import { resultText, type StagedOptions, stagedWindows } from "./staged-windows.ts";

function factsOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

/** The staging and the codes of findings about it. */
function stagingOf(options: StagedOptions) {
  const { staging, findings } = factsOf(stagedWindows(options));
  const codes = findings.map(({ code }) => code).filter((code) => /^STAGING|^SETUP/.test(code));
  return { ...staging, codes };
}

const ID = JOB.identity;
const NEW = "6.3.9600.19456";
const OLD = "6.1.7601.17514";
const NEWER = ID.replace("19456", "19999");
const ELSE = ID.replace("Services", "Other-Services");
const REBOOT: TreeChange = {
  Microsoft: { Windows: { CurrentVersion: { "Component Based Servicing": { RebootPending: {} } } } },
};

const packageState = (CurrentState: string): TreeChange => ({
  Microsoft: {
    Windows: {
      CurrentVersion: { "Component Based Servicing": { Packages: { [ID]: { CurrentState } } } },
    },
  },
});
const SCRIPTS = "System32/GroupPolicy/Machine/Scripts/scripts.ini";
const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

describe("a staging is", () => {
  test.each<[state: StagingState, because: string, detail: RegExp, options: StagedOptions]>([
    ["staged", "all is there and the trigger is armed", /is installed at the next start/, {}],
    [
      "staged",
      "SetupComplete.cmd has the line",
      /when Windows Setup ends/,
      {
        job: { trigger: "setup-complete" },
        software: {
          Microsoft: {
            Windows: {
              CurrentVersion: { Setup: { State: { ImageState: "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE" } } },
            },
          },
        },
        system: {
          Setup: {
            SetupType: 2,
            SystemSetupInProgress: 1,
            OOBEInProgress: 1,
            CmdLine: "oobe\\windeploy.exe",
          },
        },
      },
    ],
    ["staged", "local group policy runs it", /at the next start/, { job: { trigger: "group-policy" } }],
    ["staged", "the next logon runs it", /next logon/, { job: { trigger: "run-once" } }],
    [
      "staged",
      "it is run by hand",
      /somebody runs the script/,
      { job: { trigger: "stage-only" }, isArmed: false },
    ],
    ["staged", "packages of other names say nothing of it", /./, { packages: { [ELSE]: 0x70 } }],
    [
      "staged",
      "an older package of the same name is installed",
      /./,
      { packages: { [ID.replace("19456", "18692")]: 0x70 } },
    ],
    ["staged", "the result is that of another job", /./, { result: { job: "0".repeat(8), phase: "failed" } }],

    ["staged-broken", "the trigger is gone", /setup mode is not set/, { isArmed: false }],
    [
      "staged-broken",
      "another command took the trigger",
      /another command/,
      { system: { Setup: { SetupType: 2, CmdLine: "cmd /c x" } } },
    ],
    [
      "staged-broken",
      "the package is gone",
      /the package is gone .Windows\/Setup\/vmguest\/ic.cab/,
      { staging: { "ic.cab": null } },
    ],
    [
      "staged-broken",
      "the package is longer",
      /has 6 bytes instead of 5/,
      { staging: { "ic.cab": "cab 12" } },
    ],
    [
      "staged-broken",
      "the package is another one",
      /not the one that was staged/,
      { staging: { "ic.cab": "cab 2" } },
    ],
    ["staged-broken", "the script is gone", /no script/, { staging: { "run.cmd": null } }],
    ["staged-broken", "the script is empty", /no script/, { staging: { "run.cmd": "" } }],
    [
      "staged-broken",
      "the logon came and ran nothing",
      /next logon does not/,
      { job: { trigger: "run-once" }, isArmed: false },
    ],
    [
      "staged-broken",
      "local group policy has other scripts",
      /no start-up script is ours/,
      { job: { trigger: "group-policy" }, files: { [SCRIPTS]: ascii("[Startup]\r\n0CmdLine=x.cmd\r\n") } },
    ],
    [
      "staged-broken",
      "local group policy says nothing of scripts",
      /does not say that it has scripts/,
      { job: { trigger: "group-policy" }, files: { "System32/GroupPolicy/gpt.ini": ascii("[General]\r\n") } },
    ],
    [
      "staged-broken",
      "SetupComplete.cmd has it for a remark",
      /no line of SetupComplete.cmd/,
      {
        job: { trigger: "setup-complete" },
        files: { "Setup/Scripts/SetupComplete.cmd": ascii("@rem C:\\Windows\\Setup\\vmguest\\run.cmd") },
      },
    ],
    [
      "staged-broken",
      "Windows Setup passed its trigger over",
      /runs SetupComplete.cmd no more/,
      { job: { trigger: "setup-complete" } },
    ],
    [
      "staged-broken",
      "it was put off and nothing starts it",
      /put the installation off.*setup mode is not set/,
      { result: { phase: "deferred" }, isArmed: false },
    ],

    ["interrupted", "the script started", /stopped at started/, { result: { phase: "started", attempt: 1 } }],
    [
      "interrupted",
      "the script was installing",
      /stopped at installing/,
      { result: { phase: "installing" } },
    ],
    ["interrupted", "the script was waiting", /stopped at waiting-cbs/, { result: { phase: "waiting-cbs" } }],
    [
      "interrupted",
      "the package is on its way but no further",
      /stopped at installing/,
      { result: { phase: "installing" }, packages: { [ID]: 0x40 } },
    ],
    [
      "interrupted",
      "an attempt was counted, and no more",
      /wrote nothing down/,
      { staging: { "attempt.1": `${JOB.id}\r\n` }, isArmed: false },
    ],

    [
      "deferred",
      "the script said so",
      /put the installation off: deferred: servicing; .* is installed at the next/,
      { result: { phase: "deferred", detail: "servicing" } },
    ],
    ["deferred", "safe mode is no time for it", /safe mode/, { result: { phase: "aborted-safemode" } }],

    ["pending-reboot", "the component store says so", /as soon as/, { packages: { [ID]: 0x60 } }],
    [
      "pending-reboot",
      "the component store says it otherwise",
      /as soon as/,
      { packages: { [ID]: 0x65 }, result: { phase: "timeout" } },
    ],
    [
      "pending-reboot",
      "the script says so, and servicing waits",
      /servicing waits/,
      { software: REBOOT, result: { phase: "pending-reboot", exit: 3010 } },
    ],
    [
      "pending-reboot",
      "the package is in, but not its drivers",
      /its drivers are/,
      {
        drivers: OLD,
        packages: { [ID]: 0x70 },
        system: { ControlSet001: { Control: { "Session Manager": { SetupExecute: ["poqexec.exe"] } } } },
      },
    ],

    [
      "installed",
      "the component store says so",
      /component store has/,
      { drivers: NEW, packages: { [ID]: 0x70 } },
    ],
    ["installed", "it is permanent", /component store has/, { drivers: NEW, packages: { [ID]: 0x80 } }],
    ["installed", "it was superseded", /component store has/, { drivers: NEW, packages: { [ID]: 0x50 } }],
    [
      "installed",
      "a newer one took its place",
      /component store has/,
      { drivers: "6.3.9600.19999", packages: { [NEWER]: 0x70 } },
    ],
    [
      "installed",
      "the keys of packages have any case",
      /component store has/,
      { drivers: NEW, packages: { [ID.toUpperCase()]: 0x70 } },
    ],
    [
      "installed",
      "the script was cut off after the work was done",
      /component store has/,
      { drivers: NEW, packages: { [ID]: 0x70 }, result: { phase: "installing" } },
    ],
    [
      "installed",
      "the drivers bear the script out",
      /drivers are those/,
      { drivers: NEW, result: { phase: "verified" } },
    ],

    [
      "failed",
      "the script said so",
      /failed, exit code -2146498529 \(0x800f081f\)/,
      { result: { phase: "failed", exit: -2146498529 } },
    ],
    ["failed", "it took too long", /timeout/, { result: { phase: "timeout" } }],
    [
      "failed",
      "it was started in safe mode for the last time",
      /safe mode/,
      { result: { phase: "aborted-safemode" }, isArmed: false },
    ],
    [
      "not-applicable",
      "the guest said so",
      /not for it/,
      { result: { phase: "not-applicable", exit: -2146498530 } },
    ],
  ])("%s where %s", (state, _because, detail, options) => {
    const { state: found, detail: said, codes } = stagingOf({ drivers: OLD, ...options });
    expect([found, said]).toEqual([state, expect.stringMatching(detail)]);
    expect(codes).toEqual(
      options.system !== undefined && /another command/.test(said) ? ["SETUP_COMMAND_ARMED"] : [],
    );
  });

  test.each<[state: StagingState, because: string, options: StagedOptions]>([
    [
      "installed",
      "the script failed, but the component store has the package",
      { drivers: NEW, packages: { [ID]: 0x70 }, result: { phase: "failed", exit: 5 } },
    ],
    [
      "installed",
      "the script took it for another guest's, but the component store has it",
      { drivers: NEW, packages: { [ID]: 0x70 }, result: { phase: "not-applicable" } },
    ],
    [
      "installed",
      "the component store has the package, but the drivers are older",
      { drivers: OLD, packages: { [ID]: 0x70 }, result: { phase: "installed", exit: 0 } },
    ],
    [
      "pending-reboot",
      "the script failed, but the component store waits",
      { drivers: OLD, packages: { [ID]: 0x60 }, result: { phase: "failed" } },
    ],
    [
      "failed",
      "the script had installed it, but it is not there",
      { drivers: OLD, result: { phase: "installed", exit: 0 } },
    ],
    [
      "failed",
      "the restart undid it",
      { drivers: OLD, packages: { [ID]: 0x40 }, result: { phase: "pending-reboot", exit: 3010 } },
    ],
  ])("%s, with a finding, where %s", (state, _because, options) => {
    const found = stagingOf(options);
    expect([found.state, found.codes]).toEqual([state, ["STAGING_CONTRADICTED"]]);
  });
});

describe("a staging whose files are gone", () => {
  const gone = (options: StagedOptions): WindowsOptions => {
    const { files, ...windows } = stagedWindows({ isArmed: false, ...options });
    return { ...windows, files: Object.fromEntries(Object.keys(files ?? {}).map((name) => [name, null])) };
  };

  test.each<[state: StagingState, title: string, detail: RegExp, options: StagedOptions]>([
    ["none", "nothing is left", /no update was staged/, {}],
    ["staged-broken", "its trigger is left", /its folder is gone/, { isArmed: true }],
    [
      "failed",
      "the registry remembers a failure",
      /failed, exit code 740/,
      { mirror: { [JOB.id]: { Phase: "failed", Exit: "740", Attempt: "3" } } },
    ],
    [
      "installed",
      "the registry remembers that all went well",
      /nothing but the script/,
      { mirror: { [JOB.id]: { Phase: "verified", Exit: "0" } } },
    ],
    [
      "staged-broken",
      "the registry remembers that it was put off",
      /folder is gone/,
      { mirror: { [JOB.id]: { Phase: "deferred" } } },
    ],
    [
      "none",
      "the registry remembers nothing that is understood",
      /no update/,
      { mirror: { [JOB.id]: { Phase: "?" } } },
    ],
  ])("is %s where %s", (state, _title, detail, options) => {
    const { staging } = factsOf(gone(options));
    expect([staging.state, staging.detail]).toEqual([state, expect.stringMatching(detail)]);
    expect(staging.job).toBeUndefined();
  });
});

describe("the registry's word of a staging", () => {
  const mirror = { [JOB.id]: { Phase: "failed", Exit: "5", Attempt: 2 } };

  test("counts where the result file is gone", () => {
    const { state, exitCode, attemptCount } = stagingOf({ drivers: OLD, mirror });
    expect({ state, exitCode, attemptCount }).toEqual({ state: "failed", exitCode: 5, attemptCount: 2 });
  });

  test("counts where the result file cannot be understood, which is a finding", () => {
    const { state, codes } = stagingOf({ drivers: OLD, mirror, staging: { "result.ini": "\0".repeat(64) } });
    expect([state, codes]).toEqual(["failed", ["STAGING_RESULT"]]);
  });

  test("does not count against the result file", () => {
    expect(stagingOf({ drivers: NEW, mirror, result: { phase: "verified" } }).state).toBe("installed");
  });

  test("of another job does not count", () => {
    expect(stagingOf({ drivers: OLD, mirror: { "0": { Phase: "failed" } } }).state).toBe("staged");
  });
});

test.each<[title: string, count: number, options: StagedOptions]>([
  ["marks of this job", 2, { staging: { "attempt.1": JOB.id, "attempt.2": JOB.id } }],
  ["marks of this job, the first of which is lost", 2, { staging: { "attempt.2": JOB.id } }],
  ["marks of another job", 0, { staging: { "attempt.1": "other" } }],
  ["the result", 3, { result: { phase: "started", attempt: 3 } }],
  ["the registry", 2, { mirror: { [JOB.id]: { Attempt: 2 } } }],
])("attempts are counted by %s", (_title, count, options) => {
  expect(stagingOf(options).attemptCount).toBe(count);
});

test("a staging tells its job, its attempts, the exit code, and the places of what it is judged by", () => {
  const { job, attemptCount, exitCode, evidence } = stagingOf({
    drivers: OLD,
    result: { phase: "failed", attempt: 1, tool: "dism", exit: 87, detail: "no option" },
    staging: { "attempt.1": `${JOB.id}\r\n`, "attempt.2": JOB.id },
  });
  expect({ job, attemptCount, exitCode }).toEqual({ job: JOB, attemptCount: 2, exitCode: 87 });
  const packages =
    "Windows/System32/config/SOFTWARE: Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
  expect(evidence).toEqual([
    `the package ${ID} is not known (${packages})`,
    "the script said failed, exit code 87: no option (Windows/Setup/vmguest/result.ini)",
    "setup mode runs the script at the next start (Windows/System32/config/SYSTEM: Setup\\CmdLine)",
    "the update is described in Windows/Setup/vmguest/job.ini",
  ]);
});

describe("an armed command", () => {
  test("of ours leaves the guest specialised, without a finding", () => {
    const { setupState, findings } = factsOf(stagedWindows());
    expect([setupState, findings.map(({ code }) => code)]).toEqual(["specialized", ["SHA2_MISSING"]]);
  });

  test("of ours with something behind it is somebody else's", () => {
    const CmdLine = `${armedCommandLine(JOB.systemRoot)} & calc`;
    expect(stagingOf({ system: { Setup: { SetupType: 2, CmdLine } } }).codes).toEqual([
      "SETUP_COMMAND_ARMED",
    ]);
  });
});

describe("a folder Setup\\vmguest", () => {
  test.each<
    [title: string, state: StagingState, code: string, staging: NonNullable<StagedOptions["staging"]>]
  >([
    ["without a job is foreign", "none", "STAGING_FOREIGN", { "job.ini": null }],
    ["with another program's ini is foreign", "none", "STAGING_FOREIGN", { "job.ini": "[x]\r\n" }],
    ["with a huge ini is foreign", "none", "STAGING_FOREIGN", { "job.ini": "x".repeat(100_000) }],
    [
      "with a damaged job is broken",
      "staged-broken",
      "STAGING_JOB",
      { "job.ini": "[vmguest]\r\nschema=9\r\n" },
    ],
    [
      "with a job that cannot be read is broken",
      "staged-broken",
      "NTFS_COMPRESSION",
      { "job.ini": new VmguestError("NTFS_COMPRESSION", "x") },
    ],
  ])("%s", (_title, state, code, staging) => {
    const found = factsOf(stagedWindows({ isArmed: false, staging }));
    expect([found.staging.state, found.findings.map((one) => one.code)]).toEqual([
      state,
      expect.arrayContaining([code]),
    ]);
    expect(found.findings.find((one) => one.code === code)?.where.path).toMatch(/^Windows\/Setup\/vmguest/);
  });

  test("that is a file is foreign", () => {
    const { staging, findings } = factsOf({ release: "win7", files: { "Setup/vmguest": PAYLOAD } });
    expect([staging.state, findings.map(({ code }) => code)]).toEqual([
      "none",
      expect.arrayContaining(["STAGING_FOREIGN"]),
    ]);
  });

  test("that cannot be looked into is a finding", () => {
    const files = { "Setup/": new VmguestError("NTFS_INDEX", "damaged") };
    const { staging, findings } = factsOf({ release: "win7", files });
    expect([staging.state, staging.detail]).toEqual([
      "none",
      "Windows/Setup/vmguest could not be looked into",
    ]);
    expect(findings.map(({ code }) => code)).toContain("NTFS_INDEX");
  });
});

describe("a guest without a staging", () => {
  test.each(Object.keys(RELEASES) as ReleaseName[])("of %s costs one look-up", (release) => {
    const volume = buildWindows({ release });
    const [windows] = findWindows(volume);
    const { staging } = readWindowsFacts(windows ?? expect.fail("no Windows"));
    expect(staging).toEqual({ state: "none", detail: "no update was staged into this guest", evidence: [] });
    expect(volume.asked.filter((path) => path.includes("vmguest"))).toEqual(["Windows/Setup/vmguest"]);
  });
});

test("the package is read only while it is to be installed", () => {
  const { staging } = factsOf(
    stagedWindows({
      drivers: NEW,
      packages: { [ID]: 0x70 },
      staging: { "ic.cab": new VmguestError("NTFS_COMPRESSION", "x") },
    }),
  );
  expect(staging.state).toBe("installed");
});

describe("whatever the files of a staging hold", () => {
  /** A file far larger than any memory, that gives what is asked of it and remembers how much that was. */
  function endless(): ByteSource & { readonly lengths: number[] } {
    const lengths: number[] = [];
    const read = (_offset: number, length: number) => {
      lengths.push(length);
      return new DataView(new ArrayBuffer(length));
    };
    return { sizeBytes: 2 ** 50, read, lengths };
  }

  test.each<[name: string, state: StagingState, options: StagedOptions]>([
    ["job.ini", "none", {}],
    ["result.ini", "staged", {}],
    ["ic.cab", "staged-broken", {}],
    ["run.cmd", "staged", {}],
    ["attempt.1", "staged", {}],
    ["../Scripts/SetupComplete.cmd", "staged-broken", { job: { trigger: "setup-complete" } }],
  ])("a huge %s is read in small part", (name, state, options) => {
    const file = endless();
    const path = `Setup/vmguest/${name}`.replace("vmguest/../", "");
    expect(stagingOf({ ...options, drivers: OLD, files: { [path]: file } }).state).toBe(state);
    expect(file.lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(128 * 1024);
  });

  test.each<[title: string, state: StagingState, options: StagedOptions]>([
    ["SetupType is a text", "staged-broken", { system: { Setup: { SetupType: "2" } } }],
    ["CmdLine is a number", "staged-broken", { system: { Setup: { SetupType: 2, CmdLine: 2 } } }],
    ["CmdLine is long", "staged-broken", { system: { Setup: { SetupType: 2, CmdLine: "x".repeat(9000) } } }],
    ["the registry's phase is a number", "staged", { mirror: { [JOB.id]: { Phase: 5, Exit: ["a"] } } }],
    ["the state of the package is a text", "staged", { software: packageState("112") }],
    ["the state of the package is large", "staged", { packages: { [ID]: 0xffffffff } }],
    [
      "a folder stands for the package",
      "staged-broken",
      { staging: { "ic.cab": null }, files: { "Setup/vmguest/ic.cab/": PAYLOAD } },
    ],
    [
      "a folder stands for the result",
      "staged",
      { files: { "Setup/vmguest/result.ini/": PAYLOAD, "Setup/vmguest/attempt.1/": PAYLOAD } },
    ],
  ])("it gets a state where %s", (_title, state, options) => {
    expect(stagingOf({ drivers: OLD, ...options }).state).toBe(state);
  });

  const noise = fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 200 }),
    fc.string().map((text) => new Uint8Array(Buffer.from(text))),
    fc
      .dictionary(
        fc.constantFrom("phase", "exit", "attempt", "job"),
        fc.oneof(fc.string(), fc.constantFrom("failed", "deferred", "installed")),
      )
      .map((fields) => new Uint8Array(Buffer.from(resultText(fields)))),
  );
  const name = fc.constantFrom("job.ini", "result.ini", "run.cmd", "ic.cab", "attempt.1");

  test("it gets a state, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.dictionary(name, noise), fc.boolean(), (staging, isArmed) => {
        const { state, detail } = factsOf(stagedWindows({ staging, isArmed })).staging;
        expect(detail).not.toBe("");
        expect(state).toMatch(/^[a-z-]+$/);
      }),
      { numRuns: 25 },
    );
  });
});
