import { describe, expect, test } from "vitest";
import type { ImageReport } from "../../src/audit/index.ts";
import type { HostId } from "../../src/policy/index.ts";
import { CONTAINERS, extVolume, layGpt, layMbr, windowsVolume } from "../lab/guest-image.ts";
import { DATA_WRITE_GUID, VhdxImage } from "../lab/vhdx.ts";
import type { ReleaseName, WindowsOptions } from "../lab/windows.ts";
import { auditBytes, auditFile, findingsOf, imageFile, onlyGuest } from "./audits.ts";

const NEWEST = "6.3.9600.19456";

/** A VHDX with a GUID partition table and one Windows. */
const image = (windows: WindowsOptions): Uint8Array => CONTAINERS.vhdx(layGpt([windowsVolume(windows)]));

/** What a report says of its only guest, in the words of a table. */
function verdictOf(report: ImageReport) {
  const { os, integrationServices, rule, verdict, setupState } = onlyGuest(report);
  expect(report.error).toBeNull();
  expect(setupState).toBe("specialized");
  return [os.id, integrationServices.version, rule.mechanism, verdict.status, verdict.action];
}

describe("a Windows as it comes from its medium, on a Server 2012 R2 host", () => {
  test.each<
    [release: ReleaseName, version: string | null, mechanism: string, status: string, action: string]
  >([
    ["xp", null, "integration-services-disk", "missing", "install-msi"],
    ["ws2003", null, "integration-services-disk", "missing", "install-msi"],
    ["vista", null, "integration-services-disk", "missing", "stage-cab"],
    ["ws2008", "6.0.6002.18005", "integration-services-disk", "outdated", "stage-cab"],
    ["win7", "6.1.7601.17514", "integration-services-disk", "outdated", "stage-cab"],
    ["ws2008r2", "6.1.7601.17514", "integration-services-disk", "outdated", "stage-cab"],
    ["whs2011", "6.1.7601.17514", "integration-services-disk", "outdated", "stage-cab"],
    ["sbs2011", "6.1.7601.17514", "integration-services-disk", "outdated", "stage-cab"],
    ["win8", "6.2.9200.16384", "integration-services-disk", "outdated", "stage-cab"],
    ["ws2012", "6.2.9200.16384", "integration-services-disk", "outdated", "stage-cab"],
    ["win8.1", "6.3.9600.16384", "integration-services-disk", "outdated", "stage-cab"],
    ["ws2012r2", "6.3.9600.16384", "integration-services-disk", "outdated", "stage-cab"],
    ["win10", "10.0.19045.3803", "windows-update", "current", "none"],
    ["win11", "10.0.22631.2861", "windows-update", "current", "none"],
    ["ws2016", "10.0.14393.6529", "windows-update", "current", "none"],
    ["ws2019", "10.0.17763.5206", "windows-update", "current", "none"],
    ["ws2022", "10.0.20348.2159", "windows-update", "current", "none"],
    ["ws2025", "10.0.26100.1742", "windows-update", "current", "none"],
    ["ws-sac", "10.0.25398.531", "windows-update", "current", "none"],
  ])("%s has %s, goes by %s, is %s: %s", (release, ...expected) => {
    expect(verdictOf(auditBytes(image({ release })))).toEqual([release, ...expected]);
  });
});

describe("a guest with the newest integration services is current", () => {
  test.each(["vista", "ws2008", "win7", "ws2008r2", "win8", "ws2012", "win8.1", "ws2012r2"] as const)(
    "in %s",
    (release) => {
      expect(verdictOf(auditBytes(image({ release, drivers: NEWEST }))).slice(3)).toEqual([
        "current",
        "none",
      ]);
    },
  );

  test("by the minimum that was asked for, too", () => {
    const bytes = image({ release: "ws2012r2" });
    const statusFor = (minimumVersion: string) => verdictOf(auditBytes(bytes, { minimumVersion }))[3];
    expect(statusFor("6.3.9600.16384")).toBe("current");
    expect(statusFor("6.3.9600.16385")).toBe("outdated");
  });

  test("but not by one that is no version, for which nothing is read", () => {
    const report = auditBytes(image({ release: "ws2012r2" }), { minimumVersion: "newest" });
    expect(report).toMatchObject({
      container: null,
      guests: [],
      findings: [],
      error: { code: "USAGE", kind: "usage" },
    });
  });
});

describe("an outdated Windows 7 on a host from 2016 on", () => {
  const outcome = (windows: Partial<WindowsOptions>, host: HostId = "ws2019") =>
    onlyGuest(auditBytes(image({ release: "win7", ...windows }), { host })).verdict.action;
  const kvp = (Start: unknown) => ({ Services: { vmickvpexchange: { Start: Start as number } } });

  test.each<[action: string, title: string, windows: Partial<WindowsOptions>]>([
    ["windows-update", "is left to it", {}],
    ["stage-cab", "takes the package where its Data Exchange is disabled", { control: kvp(4) }],
    ["refuse", "needs a person where its Data Exchange has no valid start type", { control: kvp(77) }],
    [
      "stage-cab",
      "takes the package where it is not on Windows Update",
      { control: { Services: { wuauserv: { Start: 4 } } } },
    ],
  ])("%s: it %s", (action, _title, windows) => {
    expect(outcome(windows)).toBe(action);
  });
});

describe("the container makes no difference to the guest", () => {
  const disk = layMbr([windowsVolume({ release: "ws2003" })]);
  const ofRaw = onlyGuest(auditBytes(CONTAINERS.raw(disk)));

  test.each([
    ["vhdx", { format: "vhdx", kind: "dynamic", dataWriteGuid: DATA_WRITE_GUID }],
    ["vhdx-fixed", { format: "vhdx", kind: "fixed", dataWriteGuid: DATA_WRITE_GUID }],
    ["vhd", { format: "vhd", kind: "dynamic", dataWriteGuid: null }],
    ["vhd-fixed", { format: "vhd", kind: "fixed", dataWriteGuid: null }],
    ["raw", { format: "raw", kind: "fixed", dataWriteGuid: null }],
  ] as const)("as %s", (container, expected) => {
    const report = auditBytes(CONTAINERS[container](disk));
    expect(report).toMatchObject({
      container: { ...expected, virtualSize: disk.length, logicalSectorSize: 512, logState: "clean" },
      partitionTable: "mbr",
      findings: [],
      error: null,
    });
    expect(report.container?.chain).toEqual([report.path]);
    expect(onlyGuest(report)).toEqual(ofRaw);
  });

  test("and neither does a checkpoint, whose parent is read through", () => {
    const base = imageFile("base.vhdx", CONTAINERS.vhdx(disk));
    const parent = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base.vhdx" };
    const child = new VhdxImage({ virtualSizeBytes: disk.length, parent }).toBytes();
    const path = imageFile("child.avhdx", child);
    const report = auditFile(path);
    expect(report).toMatchObject({
      container: { kind: "differencing", chain: [path, base] },
      findings: [],
      error: null,
    });
    expect(onlyGuest(report).verdict).toEqual(ofRaw.verdict);
  });

  test("and neither does a disk without a partition table", () => {
    const report = auditBytes(CONTAINERS.vhdx(windowsVolume({ release: "ws2003" })));
    expect(report).toMatchObject({ partitionTable: "none", error: null });
    expect(onlyGuest(report)).toEqual({ ...ofRaw, volume: { ...ofRaw.volume, ...report.volumes[0] } });
  });
});

describe("several guests in one image are all reported", () => {
  test("in folders of one volume, told apart by their folder in every place", () => {
    const windows: WindowsOptions[] = [
      {
        release: "ws2003",
        root: "WINNT",
        control: { ComputerName: { ComputerName: { ComputerName: "OLD" } } },
      },
      { release: "ws2012r2", control: { Services: { vmicvss: { Start: 4 } } } },
    ];
    const report = auditBytes(CONTAINERS.vhdx(layGpt([windowsVolume(windows)])));
    expect(report.error).toBeNull();
    expect(report.guests.map(({ systemRoot, os, volume }) => [systemRoot, os.id, volume.index])).toEqual([
      ["Windows", "ws2012r2", 0],
      ["WINNT", "ws2003", 0],
    ]);
    expect(findingsOf(report)).toEqual([["IC_SERVICE_DISABLED", "volume 0: Windows: service vmicvss"]]);
  });

  test("on two volumes, beside one with data", () => {
    const report = auditBytes(
      CONTAINERS.vhdx(
        layGpt([
          windowsVolume({ release: "ws2008r2" }),
          windowsVolume([], { files: { "Data/letter.txt": "Dear Sirs" } }),
          windowsVolume({ release: "ws2022" }),
        ]),
      ),
    );
    expect(report.volumes.map(({ index, fileSystem }) => [index, fileSystem])).toEqual([
      [0, "ntfs"],
      [1, "ntfs"],
      [2, "ntfs"],
    ]);
    expect(report.guests.map(({ volume, os }) => [volume.index, os.id])).toEqual([
      [0, "ws2008r2"],
      [2, "ws2022"],
    ]);
    expect(report.guests.map(({ volume }) => volume)).toEqual([report.volumes[0], report.volumes[2]]);
    expect(findingsOf(report)).toEqual([
      [
        "SHA2_MISSING",
        "volume 0: Windows/System32/config/SOFTWARE: Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages",
      ],
    ]);
  });

  test("of which one is a Linux beside a Windows", () => {
    const report = auditBytes(
      CONTAINERS.vhdx(layGpt([windowsVolume({ release: "win10" }), { bytes: extVolume(), type: "linux" }])),
    );
    expect(report.error).toBeNull();
    expect(report.guests.map(({ os, verdict }) => [os.id, verdict.action])).toEqual([
      ["win10", "none"],
      ["linux", "package-manager"],
    ]);
    expect(findingsOf(report)).toEqual([["GUEST_PRESUMED", "volume 1"]]);
  });
});

describe("how the guest left its volume is reported", () => {
  test("with words at the volume and findings with places", () => {
    const hiberfile = new Uint8Array(8192);
    hiberfile.set(Buffer.from("HIBR"));
    const volume = windowsVolume(
      { release: "win10" },
      { volumeFlags: 1, logFile: "unclean", files: { "hiberfil.sys": hiberfile } },
    );
    const report = auditBytes(CONTAINERS.vhdx(layGpt([volume])));
    expect(report.volumes[0]?.state).toEqual(["dirty", "log-unclean", "hibernated"]);
    expect(onlyGuest(report).volume).toEqual(report.volumes[0]);
    expect(findingsOf(report).map(([code]) => code)).toEqual([
      "NTFS_DIRTY",
      "NTFS_LOG_UNCLEAN",
      "GUEST_HIBERNATED",
    ]);
    expect(report.error).toBeNull();
  });
});
