import { describe, expect, test } from "vitest";
import { findWindows, readWindowsFacts } from "../../src/guest/index.ts";
import { buildPe } from "../lab/pe.ts";
import {
  buildWindows,
  RELEASES,
  type ReleaseName,
  type TreeChange,
  type WindowsOptions,
} from "../lab/windows.ts";

function factsOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

const codesOf = (options: WindowsOptions) => factsOf(options).findings.map(({ code }) => code);

const NAMES = Object.keys(RELEASES) as ReleaseName[];

const current = (values: TreeChange): TreeChange => ({
  Microsoft: { "Windows NT": { CurrentVersion: values } },
});

describe("every release of Windows", () => {
  test.each(NAMES)("%s is known by its registry", (name) => {
    const release = RELEASES[name];
    const isOld = release.major === 5;
    const { os, findings } = factsOf({ release: name });
    expect(os).toEqual({
      id: name,
      family: "windows",
      name: release.product,
      version: `${release.major}.${release.minor}`,
      build: release.build,
      revision: isOld ? null : release.revision,
      edition: "edition" in release ? release.edition : null,
      installationType: "installationType" in release ? release.installationType : null,
      servicePack: "servicePack" in release ? Number(release.servicePack.at(-1)) : 0,
      architecture: release.architecture === "x86" ? "x86" : "x64",
      hostname: "WEB01",
    });
    expect(findings.filter(({ code }) => code.startsWith("OS_"))).toEqual([]);
  });
});

describe("a Windows that says less", () => {
  test.each<[title: string, options: Omit<WindowsOptions, "release">, facts: object]>([
    ["build from CurrentBuild", { software: current({ CurrentBuildNumber: null }) }, { build: 9600 }],
    [
      "no build from words",
      { software: current({ CurrentBuildNumber: "many", CurrentBuild: "1.5" }) },
      { build: null },
    ],
    ["revision from the UBR", { software: current({ UBR: 20778 }) }, { revision: 20778 }],
    [
      "no revision without either",
      { software: current({ BuildLabEx: null, BuildLab: "9600.winblue_rtm.130821-1623" }) },
      { revision: null },
    ],
    [
      "service pack from the kernel's number",
      { control: { Control: { Windows: { CSDVersion: 0x200 } } } },
      { servicePack: 2 },
    ],
    [
      "no service pack from strange words",
      { software: current({ CSDVersion: "Service Release" }) },
      { servicePack: null },
    ],
    [
      "a server by its installation type",
      { control: { Control: { ProductOptions: { ProductType: null } } } },
      { id: "ws2012r2" },
    ],
    [
      "a client by its installation type",
      {
        control: { Control: { ProductOptions: { ProductType: 7 } } },
        software: current({ InstallationType: "Client" }),
      },
      { id: "win8.1" },
    ],
    [
      "a domain controller",
      { control: { Control: { ProductOptions: { ProductType: "LanmanNT" } } } },
      { id: "ws2012r2" },
    ],
    [
      "architecture from the build's name",
      { control: { Control: { "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: null } } } } },
      { architecture: "x64" },
    ],
    [
      "architecture from the kernel",
      {
        control: { Control: { "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: "Z80" } } } },
        software: current({ BuildLabEx: null }),
        files: { "System32/ntoskrnl.exe": buildPe({ fileVersion: "6.3.9600.16384", machine: 0xaa64 }) },
      },
      { architecture: "arm64" },
    ],
    [
      "no architecture without any of the three",
      {
        control: { Control: { "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: null } } } },
        software: current({ BuildLabEx: null }),
      },
      { architecture: "unknown" },
    ],
    [
      "host name from TCP/IP",
      {
        control: {
          Control: { ComputerName: { ComputerName: { ComputerName: "" } } },
          Services: { Tcpip: { Parameters: { Hostname: "web01" } } },
        },
      },
      { hostname: "web01" },
    ],
    ["no host name", { control: { Control: { ComputerName: { ComputerName: null } } } }, { hostname: null }],
  ])("gives %s", (_title, options, facts) => {
    expect(factsOf({ release: "ws2012r2", ...options }).os).toMatchObject(facts);
  });

  test("of which nothing is known is unknown, with a finding", () => {
    const options: WindowsOptions = {
      release: "ws2012r2",
      software: { Microsoft: { "Windows NT": null } },
      control: { Control: null },
    };
    expect(factsOf(options).os).toEqual({
      id: "unknown",
      family: "windows",
      name: null,
      version: null,
      build: null,
      revision: null,
      edition: null,
      installationType: null,
      servicePack: null,
      architecture: "unknown",
      hostname: null,
    });
    expect(codesOf(options)).toContain("OS_UNKNOWN");
  });
});

describe("a Windows with a story of its own", () => {
  test("the multi-session edition of Windows 11 is the client that it is", () => {
    const software = current({ EditionID: "ServerRdsh" });
    const control = { Control: { ProductOptions: { ProductType: "ServerNT" } } };
    expect(factsOf({ release: "win11", software, control }).os.id).toBe("win11");
  });

  test("Windows XP x64 has the version of Server 2003", () => {
    const software = current({ CurrentVersion: "5.2", CurrentBuildNumber: "3790" });
    expect(factsOf({ release: "xp", software }).os).toMatchObject({ id: "xp", version: "5.2", build: 3790 });
  });

  test("a Home Server called otherwise is one, but not for certain", () => {
    const software = current({ ProductName: "Windows Server 2008 R2 Standard" });
    expect(factsOf({ release: "whs2011", software }).os.id).toBe("whs2011");
    expect(codesOf({ release: "whs2011", software })).toContain("OS_EDITION_UNCERTAIN");
  });

  test.each(["win10", "ws2019"] as const)(
    "a %s without its own version numbers is not taken for a Windows 8.1",
    (release) => {
      const options: WindowsOptions = { release, software: current({ CurrentMajorVersionNumber: "10" }) };
      expect(factsOf(options).os).toMatchObject({ id: "unknown", version: "6.3" });
      expect(codesOf(options)).toContain("OS_UNKNOWN");
    },
  );

  test("a server newer than all that are known is unknown", () => {
    const software = current({ CurrentBuildNumber: "29531" });
    expect(factsOf({ release: "ws2025", software }).os).toMatchObject({
      id: "unknown",
      build: 29531,
      version: "10.0",
    });
    expect(codesOf({ release: "ws2025", software })).toContain("OS_UNKNOWN");
  });
});
