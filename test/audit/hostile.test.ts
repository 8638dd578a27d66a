import { describe, expect, test } from "vitest";
import { assembleReport } from "../../src/audit/index.ts";
import { formatJson } from "../../src/report/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildHive, type HiveTree, RawValue, Surgery } from "../lab/hive.ts";
import { GPT_TYPES, SparseDisk, writeGpt } from "../lab/partitions.ts";
import { softwareTree, systemTree } from "../lab/windows/trees.ts";
import { mergeTrees, RELEASES, type TreeChange, type WindowsOptions } from "../lab/windows.ts";
import { auditBytes, findingsOf, onlyGuest } from "./audits.ts";

const disk = (...volumes: Uint8Array[]) => CONTAINERS.raw(layGpt(volumes));
const audit = (windows: WindowsOptions) => auditBytes(disk(windowsVolume(windows)));
const current = (values: TreeChange): TreeChange => ({
  Microsoft: { "Windows NT": { CurrentVersion: values } },
});

describe("numbers that no Windows has", () => {
  test.each<[title: string, windows: Partial<WindowsOptions>, status: string, action: string]>([
    [
      "a version beyond 16 bits is none",
      {
        drivers: null,
        software: {
          Microsoft: { "Virtual Machine": { Auto: { IntegrationServicesVersion: "99999.0.0.0" } } },
        },
      },
      "unknown",
      "refuse",
    ],
    [
      "nor is one of three parts",
      {
        drivers: null,
        software: { Microsoft: { "Virtual Machine": { Auto: { IntegrationServicesVersion: "6.3.9600" } } } },
      },
      "unknown",
      "refuse",
    ],
    [
      "nor the build that is a text",
      { software: current({ CurrentBuildNumber: "9600 (fake)", CurrentBuild: "" }) },
      "unknown",
      "refuse",
    ],
    [
      "nor the version of a Windows to come",
      { software: current({ CurrentVersion: "7.0" }) },
      "unknown",
      "refuse",
    ],
    [
      "the largest numbers there are",
      {
        release: "win10",
        software: current({
          CurrentMajorVersionNumber: 0xffff_ffff,
          CurrentMinorVersionNumber: 0xffff_ffff,
          CurrentBuildNumber: "4294967295",
          UBR: 0xffff_ffff,
        }),
        control: { Control: { Windows: { CSDVersion: 0xffff_ffff } } },
      },
      "unknown",
      "refuse",
    ],
  ])("%s", (_title, windows, status, action) => {
    const report = audit({ release: "ws2012r2", ...windows });
    expect(report.error).toBeNull();
    expect(onlyGuest(report).verdict).toMatchObject({ status, action });
  });

  test("start types beyond the known five make every service unknown, and none missing", () => {
    const names = RELEASES.ws2012r2.services;
    const Services = Object.fromEntries(names.map((name) => [name, { Start: 77 }]));
    const report = audit({ release: "ws2012r2", control: { Services } });
    const { services, dataExchange } = onlyGuest(report).integrationServices;
    expect(services.filter(({ present }) => present).map(({ start }) => start)).toEqual(
      names.map(() => "unknown"),
    );
    expect(dataExchange).toBe("unknown");
    expect(findingsOf(report)).toEqual([]);
  });
});

describe("values of every type, in place of every value that is read", () => {
  const TYPES = [0, 1, 3, 4, 5, 7, 11, 0x2a];
  const DATA = [[], [0xff, 0xff, 0xff, 0xff], Array.from({ length: 33 }, () => 0xd8)];

  const spoil = (tree: HiveTree, value: RawValue): HiveTree =>
    Object.fromEntries(
      Object.entries(tree).map(([name, content]) => {
        const isKey = typeof content === "object" && Object.getPrototypeOf(content) === Object.prototype;
        return [name, isKey ? spoil(content as HiveTree, value) : value];
      }),
    );

  test.each(TYPES)("type %i gives a report or a typed error", (type) => {
    for (const data of DATA) {
      const value = new RawValue(type, Uint8Array.from(data));
      const system = spoil(systemTree(RELEASES.ws2008r2, { "ACPI\\VMBus": "6.1.7601.17514" }), value);
      const hives = {
        // With the control set of the guess, or there would be no guest to look at.
        SYSTEM: buildHive(mergeTrees(system, { Select: { Current: 1 } })),
        SOFTWARE: buildHive(spoil(softwareTree(RELEASES.ws2008r2), value)),
      };
      const files = { "System32/config/SYSTEM": hives.SYSTEM, "System32/config/SOFTWARE": hives.SOFTWARE };
      const report = audit({ release: "ws2008r2", files });
      expect(report.error).toBeNull();
      const { os, verdict, integrationServices } = onlyGuest(report);
      expect(os.id).toBe("unknown");
      expect(verdict).toMatchObject({ status: "unknown", action: "refuse", package: null });
      expect(integrationServices.source).toBe("driver-file");
    }
  });
});

describe("a report stays small and true whatever an image holds", () => {
  const long = "\x1b]0;pwned\x07\ud800\u202e".padEnd(30_000, "A");

  test("with long and hostile texts in every place that is quoted", () => {
    const report = audit({
      release: "win7",
      root: "\x1b[31mRoot",
      software: {
        ...current({ ProductName: long, EditionID: long, CSDVersion: long, BuildLabEx: long }),
        Policies: {
          Microsoft: { Windows: { WindowsUpdate: { WUServer: long, AU: { UseWUServer: 1 } } } },
        },
      },
      system: { Setup: { SetupType: 2, CmdLine: long } },
      control: {
        Control: { ComputerName: { ComputerName: { ComputerName: long } } },
        Services: { vmicheartbeat: { DisplayName: long } },
      },
    });
    expect(report.error).toBeNull();
    expect(onlyGuest(report)).toMatchObject({
      systemRoot: "\x1b[31mRoot",
      windowsUpdate: { verdict: "wsus" },
    });
    const json = formatJson(assembleReport([report], { host: "ws2012r2", toolVersion: "1.2.3" }));
    expect(json.length).toBeLessThan(40_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point.
    expect(json).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e\ud800]/);
    expect(JSON.parse(json).images[0].guests[0].os.name).toHaveLength(256);
  });

  test("with a value of a MiB for a name, which is not read", () => {
    const name = new RawValue(1, new Uint8Array(1024 * 1024).fill(0x41));
    const report = audit({ release: "ws2012r2", software: current({ ProductName: name as never }) });
    expect(onlyGuest(report).os).toMatchObject({ id: "ws2012r2", name: null });
    expect(JSON.stringify(report).length).toBeLessThan(20_000);
  });

  test("with damage in every device", () => {
    const devices = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`VMBUS\\{kind-${index}}`, `${index} pears`]),
    );
    const report = audit({ release: "ws2012r2", devices });
    expect(report.findings.length).toBeLessThan(20);
    expect(onlyGuest(report).integrationServices).toMatchObject({ source: "driver-file", consistent: true });
  });

  test("with a Windows in every folder", () => {
    const roots = Array.from(
      { length: 20 },
      (_, index) => ({ release: "xp", root: `W${index + 10}` }) as const,
    );
    const report = auditBytes(disk(windowsVolume(roots)));
    expect(report.guests).toHaveLength(16);
    expect(report.error).toMatchObject({ code: "LIMIT_EXCEEDED", where: `${report.path}: volume 0: W26` });
  });

  test("with one volume in a hundred partitions", () => {
    const volume = windowsVolume({ release: "xp" });
    const shared = new SparseDisk(4 * 1024 * 1024).write(1024 * 1024, volume);
    const firstLba = 2048;
    const partitions = Array.from({ length: 100 }, (_, index) => ({
      type: GPT_TYPES.basicData,
      guid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      firstLba,
      lastLba: firstLba + Math.floor(volume.length / 512) - 1,
    }));
    const bytes = new Uint8Array(writeGpt(shared, { partitions }).read(0, shared.sizeBytes).buffer);
    const report = auditBytes(bytes);
    expect(report.guests).toHaveLength(16);
    expect(report.error?.code).toBe("LIMIT_EXCEEDED");
    expect(report.findings.filter(({ code }) => code === "LIMIT_EXCEEDED")).toHaveLength(1);
  });
});

test("what could not be read in a hive is unknown to the verdict, not absent", () => {
  const hive = new Surgery(buildHive(systemTree(RELEASES.win7, { "ACPI\\VMBus": "6.1.7601.17514" })));
  hive.key("ControlSet001\\Services\\vmickvpexchange").signature = 0;
  const bytes = disk(windowsVolume({ release: "win7", files: { "System32/config/SYSTEM": hive.bytes } }));
  const report = auditBytes(bytes, { host: "ws2019" });
  const { integrationServices, verdict } = onlyGuest(report);
  expect(integrationServices.dataExchange).toBe("unknown");
  expect(verdict).toMatchObject({ status: "outdated", action: "refuse" });
  expect(findingsOf(report).map(([code]) => code)).toEqual(["REGF_KEY", "SHA2_MISSING"]);
});
