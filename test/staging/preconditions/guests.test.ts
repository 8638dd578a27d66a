import { expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { checkPreconditions } from "../../../src/staging/preconditions/index.ts";
import { buildHive } from "../../lab/hive.ts";
import type { TreeChange } from "../../lab/windows.ts";
import { type LabGuest, outcomeOf, targetOf, WISH } from "./targets.ts";

const REFUSED: readonly { name: string; guest: LabGuest; code: Code }[] = [
  { name: "Windows XP", guest: { windows: { release: "xp" } }, code: "STAGE_NO_CBS" },
  { name: "Server 2003", guest: { windows: { release: "ws2003" } }, code: "STAGE_NO_CBS" },
  { name: "Windows 10", guest: { windows: { release: "win10" } }, code: "STAGE_BUILT_IN" },
  { name: "Server 2025", guest: { windows: { release: "ws2025" } }, code: "STAGE_BUILT_IN" },
  {
    name: "Nano Server",
    guest: { windows: { release: "ws2016", software: currentVersion({ InstallationType: "Nano Server" }) } },
    code: "STAGE_NANO",
  },
  {
    name: "a guest without a version",
    guest: { windows: { software: currentVersion({ CurrentVersion: null }) } },
    code: "OS_UNKNOWN",
  },
  {
    name: "a guest that sysprep left half way",
    guest: { windows: { software: imageState("IMAGE_STATE_UNDEPLOYABLE") } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest that is specialised while Setup is set to run",
    guest: { windows: { system: { Setup: { SystemSetupInProgress: 1 } } } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest with an unknown image state",
    guest: { windows: { software: imageState("IMAGE_STATE_SOMETHING") } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest whose TrustedInstaller is disabled",
    guest: { windows: { system: { ControlSet001: { Services: { TrustedInstaller: { Start: 4 } } } } } },
    code: "STAGE_TRUSTED_INSTALLER",
  },
  {
    name: "a guest without TrustedInstaller",
    guest: { windows: { system: { ControlSet001: { Services: { TrustedInstaller: null } } } } },
    code: "STAGE_TRUSTED_INSTALLER",
  },
  {
    name: "a guest with pending servicing",
    guest: { windows: { software: servicing({ RebootPending: {} }) } },
    code: "SERVICING_PENDING",
  },
  {
    name: "a guest that calls its folder by another name",
    guest: { windows: { software: currentVersion({ SystemRoot: "C:\\WinNT" }) } },
    code: "STAGE_SYSTEM_ROOT",
  },
  {
    name: "a guest in a folder with a name that a shell would read",
    guest: { windows: { root: "Win&dows", software: currentVersion({ SystemRoot: "C:\\Win&dows" }) } },
    code: "STAGE_SYSTEM_ROOT",
  },
  {
    name: "a folder Setup\\vmguest without a job",
    guest: { windows: { files: { "Setup/vmguest/notes.txt": ascii("mine") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a folder Setup\\vmguest with another's job.ini",
    guest: { windows: { files: { "Setup/vmguest/job.ini": ascii("[job]\r\n") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a file in the place of Setup\\vmguest",
    guest: { windows: { files: { "Setup/vmguest": ascii("mine") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a SYSTEM hive that was not flushed, without logs",
    guest: { windows: { files: dirtyHive() } },
    code: "HIVE_EDIT_UNRECOVERED",
  },
];

const WARNED: readonly { name: string; guest: LabGuest; code: Code }[] = [
  {
    name: "audit mode",
    guest: { windows: { software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT") } },
    code: "STAGE_AUDIT_MODE",
  },
  {
    name: "a domain controller",
    guest: { windows: { control: { Control: { ProductOptions: { ProductType: "LanmanNT" } } } } },
    code: "STAGE_DOMAIN_CONTROLLER",
  },
  {
    name: "a compressed folder Setup",
    guest: { ntfs: { files: { Windows: dir(), "Windows/Setup": { isDirectory: true, attributes: 0x800 } } } },
    code: "STAGE_FOLDER_COMPRESSED",
  },
];

test("a guest in good order has nothing in its way", () => {
  expect(outcomeOf(targetOf())).toEqual({ refusals: [], warnings: [] });
});

test.each(["vista", "ws2008", "win7", "win8", "ws2012", "win8.1", "ws2012r2"] as const)(
  "%s has nothing in its way",
  (release) => {
    expect(
      outcomeOf(targetOf({ windows: { release } }), {
        update: { ...WISH.update, isNotOnWindowsUpdate: true },
      }),
    ).toEqual({
      refusals: [],
      warnings: [],
    });
  },
);

test.each(REFUSED)("$name is refused with $code", ({ guest, code }) => {
  expect(outcomeOf(targetOf(guest))).toEqual({ refusals: [code], warnings: [] });
});

test.each(WARNED)("$name is told as $code", ({ guest, code }) => {
  expect(outcomeOf(targetOf(guest))).toEqual({ refusals: [], warnings: [code] });
});

test("a sealed guest is not refused", () => {
  const generalized = {
    software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"),
    system: { Setup: { SetupType: 2, CmdLine: "oobe\\windeploy.exe", SystemSetupInProgress: 1 } },
  };
  const target = targetOf({ windows: generalized });
  expect(target.report.setupState).toBe("generalized");
  expect(outcomeOf(target)).toEqual({ refusals: [], warnings: [] });
});

test("an earlier staging's folder is no stranger's, even where its job is damaged", () => {
  const files = { "Setup/vmguest/job.ini": ascii("[vmguest]\r\nschema=1\r\n") };
  expect(outcomeOf(targetOf({ windows: { files } })).refusals).toEqual([]);
});

test("all reasons are given at once, each with the volume it is about", () => {
  const target = targetOf({
    windows: { software: servicing({ RebootPending: {} }), files: dirtyHive() },
    ntfs: { volumeFlags: 1, logFile: "unclean" },
  });
  const { refusals } = checkPreconditions(target, { ...WISH, allowed: new Set() });
  expect(refusals.map(({ code }) => code)).toEqual([
    "NTFS_DIRTY",
    "NTFS_LOG_UNCLEAN",
    "HIVE_EDIT_UNRECOVERED",
    "SERVICING_PENDING",
    "STAGE_SPACE",
  ]);
  expect(refusals.map(({ where }) => where.partition)).toEqual([0, 0, 0, 0, 0]);
});

test("what cannot be allowed is refused all the same", () => {
  const target = targetOf({
    windows: { software: servicing({ RebootPending: {} }) },
    ntfs: { volumeFlags: 1 },
  });
  const allowed = new Set(["SERVICING_PENDING", "NTFS_DIRTY", "STAGE_SPACE"]);
  expect(outcomeOf(target, { allowed })).toEqual({
    refusals: ["NTFS_DIRTY"],
    warnings: ["SERVICING_PENDING"],
  });
});

test("a change that installs nothing asks nothing of the guest's servicing", () => {
  const target = targetOf({ windows: { release: "win10" } });
  const { refusals, warnings } = checkPreconditions(target, { allowed: new Set(), hostFolder: undefined });
  expect([...refusals, ...warnings].map(({ code }) => code)).toEqual(["CHILDREN_UNKNOWN"]);
});

function currentVersion(values: Record<string, string | null>) {
  return { Microsoft: { "Windows NT": { CurrentVersion: values } } };
}

function imageState(word: string) {
  return { Microsoft: { Windows: { CurrentVersion: { Setup: { State: { ImageState: word } } } } } };
}

function servicing(keys: TreeChange) {
  return { Microsoft: { Windows: { CurrentVersion: { "Component Based Servicing": keys } } } };
}

function dirtyHive() {
  const setup = { CmdLine: "", SetupType: 0, SystemSetupInProgress: 0, OOBEInProgress: 0 };
  const services = { TrustedInstaller: { Start: 3 }, wuauserv: { Start: 2 } };
  const control = { "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: "AMD64" } } };
  const tree = {
    Select: { Current: 1, Default: 1 },
    Setup: setup,
    ControlSet001: { Control: control, Services: services },
  };
  return { "System32/config/SYSTEM": buildHive(tree, { dirty: true }) };
}

function ascii(text: string) {
  return new TextEncoder().encode(text);
}

function dir() {
  return { isDirectory: true };
}
