import { expect, test } from "vitest";
import { encodeJob } from "../../src/guest/index.ts";
import type { OfferedPackage } from "../../src/package/index.ts";
import { jobOf } from "../../src/staging/job-choice.ts";
import type { VerifiedPayload } from "../../src/staging/payload.ts";
import type { WindowsOptions } from "../lab/windows.ts";
import { LabTarget } from "./lab-target.ts";

const CHOICES = {
  id: "01234567-89AB-CDEF-0123-456789ABCDEF",
  trigger: "setup-mode",
  reboot: undefined,
} as const;

const payloadOf = (name: string) =>
  ({
    offer: { name, version: "6.3.9600.19456" } as OfferedPackage,
    bytes: new Uint8Array(5),
    sizeBytes: 5,
    sha256: "ab".repeat(32),
    identity: "Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
    signature: "microsoft",
    trustRoot: null,
  }) satisfies VerifiedPayload;

const job = (name = "ic.cab", windows: Partial<WindowsOptions> = {}) =>
  jobOf(LabTarget.of({ release: "ws2008r2", ...windows }), payloadOf(name), CHOICES);

test.each(["ic.cab", "größe & co.cab", "copy [2] of 100%.cab", `${"x".repeat(200)}.cab`])(
  "a package may come in a file of any name: %s",
  (name) => {
    expect(encodeJob(job(name)).length).toBeGreaterThan(0);
  },
);

test.each([
  ["vista", ["pkgmgr"]],
  ["ws2008r2", ["dism", "pkgmgr"]],
] as const)("%s installs with %s", (release, tools) => {
  expect(job("ic.cab", { release }).tools).toEqual(tools);
});

test.each([
  ["setup-mode", undefined, "auto"],
  ["setup-mode", "never", "never"],
  ["group-policy", undefined, "never"],
  ["group-policy", "auto", "auto"],
  ["setup-complete", "auto", "never"],
  ["run-once", "auto", "never"],
  ["stage-only", "auto", "never"],
] as const)(
  "started by %s, with a restart %s asked for, the script restarts: %s",
  (trigger, reboot, expected) => {
    const { reboot: found } = jobOf(LabTarget.of({ release: "ws2008r2" }), payloadOf("ic.cab"), {
      ...CHOICES,
      trigger,
      reboot,
    });
    expect(found).toBe(expected);
  },
);
