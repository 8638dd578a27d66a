import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { findWindows, type IntegrationServicesFacts, readWindowsFacts } from "../../src/guest/index.ts";
import type { HiveTree } from "../lab/hive.ts";
import { buildWindows, DEVICES, driverFile, type WindowsOptions } from "../lab/windows.ts";

const NEW = "6.3.9600.19456";
const OLD = "6.3.9600.18692";
const RTM = "6.3.9600.16384";
const V7 = "6.1.7601.17514";

const OFFERED = "Microsoft-Hyper-V-Integration-Services-Package";
const IN_BOX = "Microsoft-Hyper-V-Guest-Integration-Drivers-Package";

function factsOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

const icOf = (options: WindowsOptions): IntegrationServicesFacts =>
  factsOf(options).integrationServices ?? expect.fail("no integration services");

const codesOf = (options: WindowsOptions) => factsOf(options).findings.map(({ code }) => code);

const recorded = (value: unknown): HiveTree => ({
  Microsoft: { "Virtual Machine": { Auto: { IntegrationServicesVersion: value as string } } },
});

const packages = (states: Record<string, number>): HiveTree => {
  const keys = Object.entries(states).map(([name, CurrentState]) => [name, { CurrentState }]);
  return {
    Microsoft: {
      Windows: { CurrentVersion: { "Component Based Servicing": { Packages: Object.fromEntries(keys) } } },
    },
  };
};

const packageKey = (name: string, version: string, language = "") =>
  `${name}~31bf3856ad364e35~amd64~${language}~${version}`;

const sourcesOf = (options: WindowsOptions) =>
  icOf(options).evidence.map(({ source, value }) => [source, value]);

describe("the evidence of the version", () => {
  test("names the place of every source, by rank", () => {
    const options: WindowsOptions = {
      release: "ws2012r2",
      drivers: NEW,
      software: {
        Microsoft: {
          ...(recorded(NEW)["Microsoft"] as HiveTree),
          ...(packages({ [packageKey(`${OFFERED}-2`, NEW)]: 0x70, [packageKey(IN_BOX, RTM)]: 0x70 })[
            "Microsoft"
          ] as HiveTree),
        },
      },
    };
    const config = "Windows/System32/config";
    const servicing = `${config}/SOFTWARE: Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages`;
    const { evidence, ...ic } = icOf(options);
    expect(ic).toMatchObject({ version: NEW, source: "recorded", judgedVersion: NEW, consistent: true });
    expect(evidence.map(({ place: _, ...said }) => said)).toEqual([
      {
        source: "recorded",
        where: `${config}/SOFTWARE: Microsoft\\Virtual Machine\\Auto\\IntegrationServicesVersion`,
        value: NEW,
      },
      {
        source: "computed",
        where: expect.stringMatching(
          /^Windows\/System32\/config\/SYSTEM: ControlSet001\\Control\\Class\\\{4d36e97d.*\\DriverVersion$/,
        ),
        value: NEW,
      },
      { source: "driver-file", where: "Windows/System32/drivers/vmbus.sys", value: NEW },
      { source: "driver-file", where: "Windows/System32/drivers/storvsc.sys", value: NEW },
      { source: "driver-file", where: "Windows/System32/drivers/netvsc63.sys", value: NEW },
      { source: "driver-file", where: "Windows/System32/icsvc.dll", value: NEW },
      {
        source: "package",
        where: `${servicing}\\${packageKey(`${OFFERED}-2`, NEW)}`,
        value: NEW,
      },
      { source: "package", where: `${servicing}\\${packageKey(IN_BOX, RTM)}`, value: RTM },
    ]);
  });

  test("of a guest that never ran on Hyper-V is its driver files", () => {
    const options: WindowsOptions = { release: "ws2008r2", devices: {} };
    expect(icOf(options)).toMatchObject({ version: V7, source: "driver-file", consistent: true });
    expect(icOf(options).evidence.at(-1)?.where).toBe("Windows/System32/vmicsvc.exe");
  });

  test("of a guest without integration services is none", () => {
    expect(icOf({ release: "vista" })).toMatchObject({
      version: null,
      source: "none",
      judgedVersion: null,
      consistent: true,
      evidence: [],
      dataExchange: "absent",
      drivers: [],
    });
  });
});

describe("a recorded version", () => {
  test.each<[title: string, value: unknown, facts: object, codes: string[]]>([
    [
      "that agrees is believed",
      RTM,
      { version: RTM, source: "recorded", judgedVersion: RTM, consistent: true },
      [],
    ],
    [
      "that disagrees is reported, but not judged by",
      "6.3.9600.18080",
      { version: "6.3.9600.18080", source: "recorded", judgedVersion: RTM, consistent: false },
      ["IC_RECORD_STALE"],
    ],
    [
      "that is empty is stale beside drivers",
      "",
      { version: RTM, source: "computed", consistent: false },
      ["IC_RECORD_STALE"],
    ],
    [
      "that is no version is evidence, but counts for nothing",
      "banana",
      { version: RTM, source: "computed", consistent: true },
      ["IC_VERSION_UNREADABLE"],
    ],
    [
      "of another type is as if it were not there",
      42,
      { version: RTM, source: "computed", consistent: true },
      [],
    ],
  ])("%s", (_title, value, facts, codes) => {
    const options: WindowsOptions = { release: "ws2012r2", software: recorded(value) as never };
    expect(icOf(options)).toMatchObject(facts);
    expect(codesOf(options)).toEqual(codes);
  });

  test("is kept as it stands, but cut", () => {
    const value = `<script>${"x".repeat(5000)}`;
    const [evidence] = icOf({ release: "ws2012r2", software: recorded(value) as never }).evidence;
    expect(evidence?.value.length).toBe(256);
    expect(evidence?.value.startsWith("<script>x")).toBe(true);
  });
});

describe("the computed version", () => {
  const computed = (devices: Record<string, string>, more: Partial<WindowsOptions> = {}) => {
    const { evidence } = icOf({ release: "ws2012r2", drivers: RTM, devices, ...more });
    return evidence.filter(({ source }) => source === "computed").map(({ value }) => value);
  };

  test("is the oldest over the devices; each version is evidence once", () => {
    expect(computed({ [DEVICES.bus]: NEW, [DEVICES.storage]: OLD, [DEVICES.network]: NEW })).toEqual([
      OLD,
      NEW,
    ]);
  });

  test("is told by the first device of each version", () => {
    const devices = { [DEVICES.bus]: NEW, [DEVICES.storage]: NEW, [DEVICES.network]: NEW };
    const { evidence } = icOf({ release: "ws2012r2", drivers: null, devices });
    expect(evidence.map(({ where }) => where.slice(-"0000\\DriverVersion".length))).toEqual([
      "0000\\DriverVersion",
    ]);
  });

  test("does not search an endless list of hardware ids", () => {
    const ids = [...Array.from({ length: 100 }, (_, index) => `ACPI\\X${index}`), DEVICES.heartbeat];
    const many = { HardwareID: ids, Driver: "{4d36e97d-e325-11ce-bfc1-08002be10318}\\9999" };
    const control = { Enum: { VMBUS: { "{57164f39-9115-4e78-ab55-382f3bd5422d}": { one: many } } } };
    expect(computed({ [DEVICES.bus]: NEW }, { control })).toEqual([NEW]);
  });

  test("leaves PCI pass-through out", () => {
    expect(
      computed({ [DEVICES.bus]: NEW, "VMBUS\\{44C4F61D-4444-4400-9D52-802E27EDE19F}": "1.2.3.4" }),
    ).toEqual([NEW]);
  });

  test("leaves devices without a driver and drivers without a version out", () => {
    expect(computed({ [DEVICES.bus]: "0.0.0.0", [DEVICES.storage]: NEW })).toEqual([NEW]);
    const bare = {
      Enum: {
        VMBUS: { "{57164f39-0000-0000-0000-000000000000}": { one: { HardwareID: [DEVICES.heartbeat] } } },
      },
    };
    expect(computed({ [DEVICES.storage]: NEW }, { control: bare })).toEqual([NEW]);
  });

  test("leaves devices out whose driver is not named as Windows names them", () => {
    const strange = {
      Control: { Class: { "Treiber\u00fc": { DriverVersion: RTM } } },
      Enum: { VMBUS: { strange: { one: { HardwareID: [DEVICES.heartbeat], Driver: "Treiber\u00fc" } } } },
    };
    expect(computed({ [DEVICES.storage]: NEW }, { control: strange })).toEqual([NEW]);
  });

  test("leaves devices of other buses out", () => {
    const options: Partial<WindowsOptions> = {
      control: {
        Enum: {
          ACPI: {
            PNP0A03: {
              "0": { HardwareID: ["ACPI\\PNP0A03"], Driver: "{4d36e97d-e325-11ce-bfc1-08002be10318}\\9999" },
            },
          },
        },
      },
    };
    expect(computed({ [DEVICES.bus]: NEW }, options)).toEqual([NEW]);
  });

  test("takes the newest driver of devices that share a hardware id, so that a removed one does no harm", () => {
    const removed = {
      Control: { Class: { "{4d36e972-e325-11ce-bfc1-08002be10318}": { "0007": { DriverVersion: RTM } } } },
      Enum: {
        VMBUS: {
          "{f8615163-df3e-46c5-913f-f2d2f965ed0e}": {
            removed: {
              HardwareID: [DEVICES.network.toUpperCase()],
              Driver: "{4d36e972-e325-11ce-bfc1-08002be10318}\\0007",
            },
          },
        },
      },
    };
    expect(computed({ [DEVICES.network]: NEW }, { control: removed })).toEqual([NEW]);
  });

  test("says where a driver's version is none", () => {
    const options: WindowsOptions = {
      release: "ws2012r2",
      devices: { [DEVICES.bus]: "six", [DEVICES.storage]: RTM },
    };
    expect(icOf(options)).toMatchObject({ version: RTM, source: "computed" });
    expect(factsOf(options).findings).toMatchObject([
      { code: "IC_VERSION_UNREADABLE", where: { path: expect.stringContaining("DriverVersion") } },
    ]);
  });

  test("of one device that lags makes the set half installed", () => {
    const options: WindowsOptions = {
      release: "ws2008r2",
      drivers: NEW,
      devices: { [DEVICES.bus]: NEW, [DEVICES.storage]: V7 },
    };
    expect(icOf(options)).toMatchObject({
      version: V7,
      source: "computed",
      judgedVersion: V7,
      consistent: false,
    });
    expect(codesOf(options)).toContain("IC_INCONSISTENT");
  });
});

describe("the driver files", () => {
  const neverRan = (files: WindowsOptions["files"], release: WindowsOptions["release"] = "ws2012r2") =>
    ({ release, devices: {}, files }) as WindowsOptions;

  test("count with the oldest of them", () => {
    const options = neverRan({ "System32/drivers/storvsc.sys": driverFile("6.3.9600.16000") });
    expect(icOf(options)).toMatchObject({
      version: "6.3.9600.16000",
      source: "driver-file",
      consistent: true,
    });
  });

  test.each<{ release: WindowsOptions["release"]; used: string; left: string }>([
    { release: "xp", used: "netvsc50.sys", left: "netvsc60.sys" },
    { release: "ws2008", used: "netvsc60.sys", left: "netvsc50.sys" },
    { release: "ws2008r2", used: "netvsc60.sys", left: "netvsc63.sys" },
    { release: "ws2012", used: "netvsc63.sys", left: "netvsc60.sys" },
    { release: "ws2012r2", used: "netvsc63.sys", left: "netvsc.sys" },
    { release: "ws2016", used: "netvsc.sys", left: "netvsc63.sys" },
  ])(
    "are of $used on $release, whatever is left of $left, and of that alone without it",
    ({ release, used, left }) => {
      const at = (name: string) => `System32/drivers/${name}`;
      const files = { [at(used)]: driverFile("1.1.1.1"), [at(left)]: driverFile("2.2.2.2") };
      const network = (options: WindowsOptions) =>
        sourcesOf(options).filter(([, value]) => /^[12]\./.test(value ?? ""));
      expect(network(neverRan(files, release))).toEqual([["driver-file", "1.1.1.1"]]);
      expect(network(neverRan({ ...files, [at(used)]: null }, release))).toEqual([
        ["driver-file", "2.2.2.2"],
      ]);
    },
  );

  test("are of the service library, and of the older program only without it", () => {
    const left = { "System32/vmicsvc.exe": driverFile(V7) };
    expect(sourcesOf(neverRan(left))).not.toContainEqual(["driver-file", V7]);
    expect(sourcesOf(neverRan({ ...left, "System32/icsvc.dll": null }))).toContainEqual(["driver-file", V7]);
  });

  test.each<[title: string, content: Uint8Array | VmguestError, message: RegExp]>([
    [
      "compressed by the system",
      new VmguestError("NTFS_REPARSE", "kept elsewhere"),
      /kept elsewhere \[NTFS_REPARSE\]/,
    ],
    ["no program", new Uint8Array(1000), /\[PE_/],
    ["without a version", driverFile("0.0.0.0"), /"0\.0\.0\.0"/],
  ])("that are %s are a finding, and the others speak", (_title, content, message) => {
    const options = neverRan({ "System32/drivers/vmbus.sys": content });
    expect(icOf(options)).toMatchObject({ version: RTM, source: "driver-file" });
    expect(factsOf(options).findings).toMatchObject([
      {
        code: "IC_VERSION_UNREADABLE",
        message: expect.stringMatching(message),
        where: { path: "Windows/System32/drivers/vmbus.sys" },
      },
    ]);
  });
});

describe("the packages", () => {
  const alone = (states: Record<string, number>) =>
    icOf({ release: "ws2012r2", drivers: null, devices: {}, software: packages(states) as never });

  test.each<[title: string, states: Record<string, number>, version: string | null]>([
    ["installed", { [packageKey(OFFERED, OLD)]: 0x70 }, OLD],
    ["permanent", { [packageKey(`${OFFERED}-2`, OLD)]: 0x80 }, OLD],
    ["the newer of two", { [packageKey(OFFERED, OLD)]: 0x70, [packageKey(OFFERED, NEW)]: 0x70 }, NEW],
    ["offered beside in-box", { [packageKey(OFFERED, OLD)]: 0x70, [packageKey(IN_BOX, NEW)]: 0x70 }, OLD],
    ["in-box alone", { [packageKey(IN_BOX, RTM)]: 0x70 }, RTM],
    ["superseded", { [packageKey(OFFERED, OLD)]: 0x50 }, null],
    ["staged", { [packageKey(OFFERED, OLD)]: 0x40 }, null],
    ["waiting for a restart", { [packageKey(OFFERED, OLD)]: 0x60 }, null],
    ["of a language", { [packageKey(OFFERED, OLD, "en-US")]: 0x70 }, null],
    ["without a version", { [OFFERED]: 0x70 }, null],
    ["of another name", { [packageKey("Microsoft-Hyper-V-Common-Drivers-Package", RTM)]: 0x70 }, null],
  ])("%s", (_title, states, version) => {
    expect(alone(states).version).toBe(version);
  });
});
