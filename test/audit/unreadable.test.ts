import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { auditImage } from "../../src/audit/index.ts";
import {
  CONTAINERS,
  extVolume,
  type LabPartition,
  layGpt,
  ntfsFiles,
  windowsVolume,
} from "../lab/guest-image.ts";
import { buildHive, Surgery, seal } from "../lab/hive.ts";
import { attribute, header, inRecord } from "../lab/ntfs/damage.ts";
import { layNtfs } from "../lab/ntfs.ts";
import { bootSector } from "../lab/partitions.ts";
import { VhdImage } from "../lab/vhd.ts";
import { DATA_WRITE_GUID, vhdxOf } from "../lab/vhdx.ts";
import type { WindowsOptions } from "../lab/windows.ts";
import { auditBytes, auditFile, findingsOf, imageFile, onlyGuest } from "./audits.ts";

const MIB = 1024 * 1024;

/** A VHDX with these partitions. */
const vhdx = (...partitions: readonly (LabPartition | Uint8Array)[]) => CONTAINERS.vhdx(layGpt(partitions));

const dataVolume = () => windowsVolume([], { files: { "Data/letter.txt": "Dear Sirs" } });

const volumeOf = (sector: Uint8Array, sizeBytes = 65_536) => {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(sector);
  return bytes;
};
const bitLockerVolume = () => volumeOf(bootSector("\xeb\x58\x90-FVE-FS-"));
const luksVolume = () => volumeOf(Uint8Array.from(Buffer.from("LUKS\xba\xbe", "latin1")));

describe("a file that is no image that can be read", () => {
  test("has the report of any image, its keys in the same order", () => {
    const keysOf = (bytes: Uint8Array) => Object.keys(auditBytes(bytes));
    expect(keysOf(new Uint8Array(0))).toEqual(keysOf(vhdx(dataVolume())));
  });

  const disk = layGpt([windowsVolume({ release: "ws2012r2" })]);

  test.each<[title: string, bytes: Uint8Array, code: string, kind: string]>([
    ["an empty file", new Uint8Array(0), "IMAGE_EMPTY", "corrupt"],
    [
      "a VHDX that was cut short",
      vhdxOf(disk)
        .toBytes()
        .subarray(0, 3 * MIB),
      "VHDX_REGION_RANGE",
      "corrupt",
    ],
    ["the first bytes of a VHDX", vhdxOf(disk).toBytes().subarray(0, 100), "VHDX_NOT", "corrupt"],
    [
      "a differencing VHDX without its parent",
      vhdxOf(disk, {
        parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base.vhdx" },
      }).toBytes(),
      "DISK_PARENT_MISSING",
      "io",
    ],
    [
      "a differencing VHD without its parent",
      new VhdImage({
        virtualSizeBytes: 2 * MIB,
        diskType: 4,
        parent: { name: "base.vhd", relativePath: ".\\base.vhd" },
      }).bytes,
      "DISK_PARENT_MISSING",
      "io",
    ],
    [
      "a QCOW2",
      volumeOf(Uint8Array.from(Buffer.from("QFI\xfb", "latin1"))),
      "DISK_FORMAT_FOREIGN",
      "unsupported",
    ],
    [
      "a text",
      new TextEncoder().encode("This is no disk.\n".repeat(400)),
      "IMAGE_UNRECOGNISED",
      "unsupported",
    ],
    ["a few letters", new TextEncoder().encode("hello"), "IMAGE_UNRECOGNISED", "unsupported"],
    ["zeros", new Uint8Array(MIB), "IMAGE_UNRECOGNISED", "unsupported"],
  ])("as %s", (_title, bytes, code, kind) => {
    const report = auditBytes(bytes);
    expect(report).toMatchObject({ guests: [], error: { code, kind } });
    expect(report.error?.where.startsWith(report.path)).toBe(true);
    expect(report.findings.map(({ code }) => code)).not.toContain("GUEST_NONE");
  });

  test("because it is not there, or is a folder", () => {
    const path = imageFile("folder-beside", new Uint8Array(0));
    mkdirSync(`${path}.folder`);
    for (const wrong of [`${path}.absent`, `${path}.folder`]) {
      expect(auditFile(wrong)).toEqual({
        path: wrong,
        role: "leaf",
        container: null,
        partitionTable: null,
        volumes: [],
        guests: [],
        findings: [],
        error: expect.objectContaining({ code: "IO_OPEN", kind: "io", where: wrong }),
      });
    }
  });
});

describe("an image without a guest to be found", () => {
  test.each<[title: string, bytes: Uint8Array, message: string]>([
    ["with data alone", vhdx(dataVolume(), volumeOf(new Uint8Array(9), 4096)), "which holds ntfs, unknown"],
    ["without a partition", vhdx(), "which holds no volume"],
    ["blank", CONTAINERS.vhdx(new Uint8Array(2 * MIB)), "which holds "],
  ])("%s is no error, and says what it holds", (_title, bytes, message) => {
    const report = auditBytes(bytes);
    expect(report).toMatchObject({ guests: [], error: null });
    expect(findingsOf(report)).toEqual([["GUEST_NONE", ""]]);
    expect(report.findings[0]?.message).toContain(message);
  });

  test("keeps the Windows from before an upgrade as a finding", () => {
    const old = windowsVolume({ release: "win7", root: "Windows.old/Windows" });
    expect(findingsOf(auditBytes(vhdx(old)))).toEqual([
      ["WINDOWS_PREVIOUS", "volume 0: Windows.old"],
      ["GUEST_NONE", ""],
    ]);
  });

  test.each<[title: string, volume: Uint8Array, code: string]>([
    ["BitLocker", bitLockerVolume(), "VOLUME_BITLOCKER"],
    ["ReFS", volumeOf(bootSector("\0\0\0ReFS\0\0\0\0")), "VOLUME_REFS"],
  ])("is an error where %s may hide one", (_title, volume, code) => {
    const report = auditBytes(vhdx(dataVolume(), volume));
    expect(report).toMatchObject({ guests: [], error: { code, kind: "unsupported" } });
    expect(report.error?.where).toContain("volume 1");
    expect(findingsOf(report).map(([found]) => found)).toEqual([code]);
  });

  test("is one where a Linux is presumed beside it, which is no guest that was examined", () => {
    const report = auditBytes(vhdx(bitLockerVolume(), { bytes: extVolume(), type: "linux" }));
    expect(report.error?.code).toBe("VOLUME_BITLOCKER");
    expect(onlyGuest(report).os.id).toBe("linux");
  });

  test("is none where a Windows was found beside a volume that is closed", () => {
    const report = auditBytes(vhdx(windowsVolume({ release: "win10" }), bitLockerVolume()));
    expect(report.error).toBeNull();
    expect(onlyGuest(report).os.id).toBe("win10");
    expect(findingsOf(report).map(([code]) => code)).toEqual(["VOLUME_BITLOCKER"]);
  });
});

describe("Linux is presumed", () => {
  test.each([
    ["ext", extVolume()],
    ["xfs", volumeOf(Uint8Array.from(Buffer.from("XFSB")))],
    ["luks", luksVolume()],
  ])("from %s, and nothing else is claimed of it", (content, bytes) => {
    const report = auditBytes(vhdx({ bytes, type: "linux" }));
    expect(report.error).toBeNull();
    const { os, systemRoot, verdict, integrationServices, staging } = onlyGuest(report);
    expect([os.id, os.version, systemRoot, integrationServices.version]).toEqual(["linux", null, null, null]);
    expect(integrationServices.dataExchange).toBe("unknown");
    expect([verdict.status, verdict.action]).toEqual(["not-applicable", "package-manager"]);
    expect(staging.state).toBe("not-applicable");
    expect(findingsOf(report)).toEqual([["GUEST_PRESUMED", "volume 0"]]);
    expect(report.findings[0]?.message).toContain(`holds: ${content}`);
  });

  test("once for all its volumes, at the largest", () => {
    const small = { bytes: extVolume(), type: "linux" } as const;
    const large = { bytes: volumeOf(luksVolume(), 2 * MIB), type: "linux" } as const;
    const report = auditBytes(vhdx(small, large));
    expect(onlyGuest(report).volume.index).toBe(1);
    expect(report.findings[0]?.message).toContain("holds: ext, luks");
  });
});

const CONFIG = "System32/config";

/** A Windows one of whose hives has these bytes. */
const withHive = (
  hive: "SYSTEM" | "SOFTWARE",
  bytes: Uint8Array | null,
  root = "Windows",
): WindowsOptions => ({
  release: "ws2008r2",
  root,
  files: { [`${CONFIG}/${hive}`]: bytes },
});

function withoutRoot(): Uint8Array {
  const hive = new Surgery(buildHive({ Select: { Current: 1 } }));
  hive.key("").signature = 0;
  return seal(hive.bytes);
}

describe("a Windows that cannot be read is the image's error, with its place", () => {
  const CASES: [title: string, windows: WindowsOptions, code: string, where: string][] = [
    ["without SYSTEM", withHive("SYSTEM", null), "HIVE_MISSING", "SYSTEM"],
    ["without SOFTWARE", withHive("SOFTWARE", null), "HIVE_MISSING", "SOFTWARE"],
    [
      "with an empty SOFTWARE",
      withHive("SOFTWARE", new Uint8Array(0)),
      "REGF_NOT",
      "SOFTWARE: base block at 0x0",
    ],
    [
      "with a SYSTEM of zeros",
      withHive("SYSTEM", new Uint8Array(8192)),
      "REGF_NOT",
      "SYSTEM: base block at 0x0",
    ],
    ["with a SYSTEM without a root", withHive("SYSTEM", withoutRoot()), "REGF_KEY", "SYSTEM: key at 0x1020"],
    ["with an empty SYSTEM", withHive("SYSTEM", buildHive({})), "GUEST_UNREADABLE", "SYSTEM: control set"],
  ];

  test.each(CASES)("%s, alone", (_title, windows, code, where) => {
    const report = auditBytes(vhdx(windowsVolume(windows)));
    const place = `volume 0: Windows/${CONFIG}/${where}`;
    expect(report).toMatchObject({ guests: [], error: { code, kind: "corrupt" } });
    expect(report.error?.where).toBe(`${report.path}: ${place}`);
    expect(findingsOf(report)).toEqual([[code, place]]);
  });

  test.each(CASES)("%s, beside a good one on the same volume", (_title, windows, code, where) => {
    const good: WindowsOptions = { release: "ws2022", root: "WINNT" };
    const report = auditBytes(vhdx(windowsVolume([windows, good])));
    expect(report.error).toMatchObject({
      code,
      where: `${report.path}: volume 0: Windows/${CONFIG}/${where}`,
    });
    expect(onlyGuest(report)).toMatchObject({ systemRoot: "WINNT", os: { id: "ws2022" } });
  });

  test.each(CASES)("%s, beside a good one on another volume", (_title, windows, code, where) => {
    const report = auditBytes(vhdx(windowsVolume({ release: "ws2022" }), windowsVolume(windows)));
    expect(report.error).toMatchObject({
      code,
      where: `${report.path}: volume 1: Windows/${CONFIG}/${where}`,
    });
    expect(onlyGuest(report)).toMatchObject({ volume: { index: 0 }, os: { id: "ws2022" } });
    expect(report.volumes.map(({ state }) => state)).toEqual([[], []]);
  });
});

describe("a volume that cannot be read", () => {
  /** A volume whose $MFT is gone, and so is its mirror. */
  function ruined(): Uint8Array {
    const volume = layNtfs({ files: ntfsFiles({ release: "win7" }) });
    inRecord(0, header({ signature: "BAAD" }))(volume);
    const bytes = volume.bytes;
    const mirror = new DataView(bytes.buffer).getUint32(0x38, true) * volume.clusterSizeBytes;
    bytes.fill(0, mirror, mirror + volume.recordSizeBytes);
    return bytes;
  }

  test("is the image's error where no guest was examined", () => {
    const report = auditBytes(vhdx(dataVolume(), ruined()));
    expect(report).toMatchObject({ guests: [], error: { kind: "corrupt" } });
    expect(report.error?.code).toMatch(/^NTFS_/);
    expect(report.error?.where).toContain(": volume 1: ");
    expect(report.volumes.map(({ state }) => state)).toEqual([[], ["unreadable"]]);
  });

  test("is a finding beside a guest", () => {
    const report = auditBytes(vhdx(ruined(), windowsVolume({ release: "ws2022" })));
    expect(report.error).toBeNull();
    expect(onlyGuest(report)).toMatchObject({ volume: { index: 1 }, os: { id: "ws2022" } });
    expect(report.findings).toMatchObject([{ severity: "error", code: expect.stringMatching(/^NTFS_/) }]);
  });

  test("in part is a finding with its path, and the guest is audited", () => {
    const volume = layNtfs({ files: ntfsFiles({ release: "ws2012r2" }) });
    inRecord("Windows/System32/drivers/vmbus.sys", attribute(0x80, { type: 0x7f }))(volume);
    const report = auditBytes(vhdx(volume.bytes));
    expect(report.error).toBeNull();
    expect(report.findings).toMatchObject([
      {
        code: "IC_VERSION_UNREADABLE",
        message: expect.stringContaining("Windows/System32/drivers/vmbus.sys could not be read: "),
        where: expect.stringContaining("volume 0: $MFT: FILE record "),
      },
    ]);
    expect(onlyGuest(report).integrationServices).toMatchObject({
      source: "computed",
      version: "6.3.9600.16384",
    });
  });

  test("leaves it open whether Vista has integration services at all", () => {
    const volume = layNtfs({
      files: { ...ntfsFiles({ release: "vista" }), "Windows/System32/drivers/vmbus.sys": "" },
    });
    const guest = (bytes: Uint8Array) => onlyGuest(auditBytes(vhdx(bytes))).verdict.status;
    expect(guest(windowsVolume({ release: "vista" }))).toBe("missing");
    // The entry in the directory leads to another file by now.
    inRecord("Windows/System32/drivers/vmbus.sys", header({ sequence: 999 }))(volume);
    expect(guest(volume.bytes)).toBe("unknown");
  });
});

test("nothing is thrown for a host that does not exist: it is a mistake of ours, and said so", () => {
  const path = imageFile("host.img", CONTAINERS.vhdx(layGpt([windowsVolume({ release: "win7" })])));
  const report = auditImage(path, { host: "nt4" as never });
  expect(report).toMatchObject({ container: { format: "vhdx" }, guests: [], error: { code: "INTERNAL" } });
});
