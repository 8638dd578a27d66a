import { describe, expect, test } from "vitest";
import type { GuestReport } from "../../src/audit/index.ts";
import { formatTable } from "../../src/report/index.ts";
import { JOB } from "../guest/staging/jobs.ts";
import { type StagedOptions, stagedWindows } from "../guest/staging/staged-windows.ts";
import { CONTAINERS, layGpt, layMbr, windowsVolume } from "../lab/guest-image.ts";
import { report } from "../report/reports.ts";
import { auditBytes, findingsOf, onlyGuest } from "./audits.ts";

const OLD = "6.1.7601.17514";
const IDENTITY = JOB.identity;

function imageOf(options: StagedOptions, lay = layMbr) {
  return auditBytes(CONTAINERS.vhdx(lay([windowsVolume(stagedWindows({ drivers: OLD, ...options }))])));
}

const summarise = ({ verdict, staging }: GuestReport) => ({
  verdict: [verdict.status, verdict.action],
  reason: verdict.reasons.at(-1),
  state: staging.state,
});

describe("the audit of a guest with a staged update", () => {
  test("says what is staged, and of what it knows it", () => {
    const image = imageOf({}, layGpt);
    expect(onlyGuest(image).staging).toEqual({
      state: "staged",
      detail: "6.3.9600.19456 is installed at the next start of the guest",
      job: {
        id: JOB.id,
        version: JOB.version,
        packageName: JOB.packageName,
        sha256: JOB.sha256,
        trigger: "setup-mode",
        attempts: 0,
        maxAttempts: 3,
      },
      exitCode: null,
      evidence: [
        expect.stringMatching(/^the package .* is not known/),
        "setup mode runs the script at the next start (Windows/System32/config/SYSTEM: Setup\\CmdLine)",
        "the package is the one that was staged (Windows/Setup/vmguest/ic.cab)",
        "the update is described in Windows/Setup/vmguest/job.ini",
      ],
    });
    expect(findingsOf(image).map(([code]) => code)).toEqual(["SHA2_MISSING"]);
  });

  test.each<[state: string, reason: RegExp, options: StagedOptions]>([
    ["staged", /^staged: 6.3.9600.19456 is installed at the next start/, {}],
    ["staged-broken", /^staged-broken: .*setup mode is not set/, { isArmed: false }],
    ["deferred", /^deferred: .* is installed at the next start/, { result: { phase: "deferred" } }],
    ["interrupted", /^interrupted: /, { result: { phase: "installing" } }],
    ["pending-reboot", /^pending-reboot: .* has restarted/, { packages: { [IDENTITY]: 0x60 } }],
    ["failed", /^failed: .* 740/, { result: { phase: "failed", exit: 740 } }],
    ["not-applicable", /^not-applicable: the guest said/, { result: { phase: "not-applicable" } }],
  ])("leaves an outdated guest outdated where it is %s, and says so", (state, reason, options) => {
    expect(summarise(onlyGuest(imageOf(options)))).toEqual({
      verdict: ["outdated", "stage-cab"],
      reason: expect.stringMatching(reason),
      state,
    });
  });

  test("says that a guest is current where the update was installed", () => {
    const image = imageOf({ drivers: JOB.version, packages: { [IDENTITY]: 0x70 }, isArmed: false });
    expect(summarise(onlyGuest(image))).toEqual({
      verdict: ["current", "none"],
      reason: "installed: the component store has the package installed",
      state: "installed",
    });
  });

  test("says of a guest without one nothing but that there is none", () => {
    const image = auditBytes(layMbr([windowsVolume({ release: "ws2008r2" })]));
    const { staging, verdict } = onlyGuest(image);
    expect(staging).toEqual({
      state: "none",
      detail: "no update was staged into this guest",
      job: null,
      exitCode: null,
      evidence: [],
    });
    expect(verdict.reasons.join()).not.toMatch(/stag/);
  });

  test("finds the job by its place where it is damaged", () => {
    const image = imageOf({ staging: { "job.ini": "[vmguest]\r\n" } });
    expect(onlyGuest(image).staging).toMatchObject({ state: "staged-broken", job: null });
    expect(findingsOf(image)).toContainEqual([
      "STAGING_JOB",
      "volume 0: Windows/Setup/vmguest/job.ini: staging job",
    ]);
  });
});

test("the table tells of a staging below the guest, and --explain what it was judged by", () => {
  const image = imageOf({ result: { phase: "failed", exit: -2146498529, attempt: 2 } });
  const text = formatTable(report(image), { colour: false, width: 400, explains: true });
  expect(text).toContain("- failed: the script ended with failed, exit code -2146498529 (0x800f081f)");
  expect(text).toMatch(
    /staged update: failed\n {4}- the package .*\n {4}- the script said failed.*Windows\/Setup\/vmguest\/result.ini/,
  );
});
