import type { ServiceEdit, StagingOptions } from "../../../src/staging/index.ts";
import { ADMIN_ONLY, noise } from "../../fs/ntfs/write/volumes.ts";
import { CONTAINERS, layGpt, layMbr, windowsVolume } from "../../lab/guest-image.ts";
import { buildNewLog, crashed, entryOf, raw } from "../../lab/hive.ts";
import type { NtfsOptions } from "../../lab/ntfs.ts";
import { vhdOf } from "../../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage } from "../../lab/vhdx.ts";
import { type TreeChange, type WindowsOptions, windowsFiles } from "../../lab/windows.ts";
import { SETUP_STATES } from "../lab-target.ts";

/** Image files by name; the first is the one that is changed. */
export type ImageFiles = Readonly<Record<string, Uint8Array>>;

/** A guest in an image, and what is to become of it: an update is staged, or services are edited. */
export interface CutGuest {
  readonly what: string;
  readonly files: () => ImageFiles;
  readonly options?: Partial<StagingOptions>;
  readonly services?: readonly ServiceEdit[];
}

const MIB = 1024 * 1024;
/** Where the lab has the first partition begin. */
const VOLUME_OFFSET = MIB;

interface Volume {
  readonly windows: Partial<WindowsOptions>;
  readonly ntfs?: NtfsOptions;
}

function volumeOf({ windows, ntfs }: Volume): Uint8Array {
  const options = { spareClusters: 100, spareRecords: 20, ...ntfs };
  return windowsVolume(
    { release: "ws2012", ...windows },
    { ...options, descriptors: new Map([[0x100, ADMIN_ONLY]]) },
  );
}

/** A volume whose blocks on the disk are full, but for one that is empty and one with the last sector. */
function fullVolume({ windows, ntfs = {} }: Volume, blockSizeBytes: number): Uint8Array {
  const clusterSizeBytes = ntfs.clusterSizeBytes ?? 4096;
  const spareClusters = blockSizeBytes / clusterSizeBytes;
  const withFiller = (sizeBytes: number) => {
    const filler = { "filler.bin": { content: noise(sizeBytes), storage: "clusters" as const } };
    return volumeOf({ windows, ntfs: { ...ntfs, spareClusters, files: { ...ntfs.files, ...filler } } });
  };
  const [least, sectorSizeBytes] = [withFiller(clusterSizeBytes), 512];
  const usedBytes = VOLUME_OFFSET + least.length - sectorSizeBytes;
  return withFiller(clusterSizeBytes + blockSizeBytes - (usedBytes % blockSizeBytes));
}

/** Names in a folder that fill the blocks of its index: 20 in each, with no room for another. */
function fullFolder(path: string): Record<string, string> {
  const names = Array.from({ length: 60 }, (_, index) =>
    `${index < 30 ? "a" : "z"} ${index}`.padEnd(59, "-"),
  );
  return Object.fromEntries(names.map((name) => [`${path}/${name}`, "x"]));
}

/** A SYSTEM hive with no room for a command, which lacks what its log has of it. */
function dirtyHive(release: WindowsOptions["release"]): Record<string, Uint8Array> {
  const hiveOf = (system: TreeChange) => {
    const file = windowsFiles({ release, system })["Windows/System32/config/SYSTEM"];
    if (!(file instanceof Uint8Array)) throw new TypeError("the lab makes hives of bytes");
    return file;
  };
  const filled = (sizeBytes: number, number: number) =>
    hiveOf({ Setup: { Filler: raw(3, new Uint8Array(sizeBytes)), Number: number } });
  let sizeBytes = 0;
  while (filled(sizeBytes + 128, 1).length === filled(0, 1).length) sizeBytes += 128;
  const [written, logged] = [filled(sizeBytes, 1), filled(sizeBytes, 2)];
  return {
    "System32/config/SYSTEM": crashed(written, 8),
    "System32/config/SYSTEM.LOG1": buildNewLog(written, [entryOf(written, logged, 7)]),
  };
}

const POLICY = "System32/GroupPolicy";
const SCRIPTS_INI = "\ufeff[Startup]\r\n0CmdLine=other.cmd\r\n0Parameters=\r\n";
const GPT_INI =
  "[General]\r\ngPCMachineExtensionNames=[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{0F6B957D-509E-11D1-A7CC-0000F87571E3}]\r\nVersion=3\r\n";

const POLICY_FILES = {
  [`${POLICY}/gpt.ini`]: Buffer.from(GPT_INI, "latin1"),
  [`${POLICY}/Machine/Scripts/scripts.ini`]: Buffer.from(SCRIPTS_INI, "utf16le"),
};

/** A checkpoint over a disk, with a part of its sectors in blocks of its own. */
function checkpointOver(disk: Uint8Array): ImageFiles {
  const blocks = new Map(
    [1, 2].map((block) => {
      const content = disk.slice(block * MIB, (block + 1) * MIB);
      return [block, { content, hasSector: (sector: number) => sector % 24 < 8 }];
    }),
  );
  const parent = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base.vhdx" };
  const leaf = new VhdxImage({
    virtualSizeBytes: disk.length,
    dataWriteGuid: DATA_WRITE_GUID.replace(/^../, "10"),
    blocks,
    parent,
  });
  return { "leaf.avhdx": leaf.toBytes(), "base.vhdx": CONTAINERS.vhdx(disk) };
}

const VHD_BLOCK = 4 * MIB;

/** Changes that between them use every way in which an image is written to. */
export const CUT_GUESTS = {
  setupMode: {
    what: "setup mode, in a new block of a VHDX and a folder whose index splits",
    files: () => {
      const volume = fullVolume({ windows: {}, ntfs: { files: fullFolder("Windows/Setup") } }, MIB);
      return { "web01.vhdx": CONTAINERS.vhdx(layGpt([volume])) };
    },
  },
  groupPolicy: {
    what: "group policy that is there, in a checkpoint of a volume with clusters of 1 KiB",
    files: () => {
      const ntfs = { clusterSizeBytes: 1024, spareClusters: 600 };
      return checkpointOver(layGpt([volumeOf({ windows: { files: POLICY_FILES }, ntfs })]));
    },
    options: { trigger: "group-policy" },
  },
  growingHive: {
    what: "a hive that is recovered from its log and grows, in a raw image",
    files: () => {
      const software = { Microsoft: { "Virtual Machine": {} } };
      return { "db02.img": layMbr([volumeOf({ windows: { files: dirtyHive("ws2012"), software } })]) };
    },
    options: { persistsVersion: true },
  },
  setupComplete: {
    what: "a SetupComplete.cmd that is there, in a new block of a VHD",
    files: () => {
      const files = { "Setup/Scripts/SetupComplete.cmd": Buffer.from("@echo off\r\necho theirs\r\n") };
      const disk = layMbr([fullVolume({ windows: { ...SETUP_STATES.generalized, files } }, VHD_BLOCK)]);
      // With a table of 1 KiB the first block begins with a page.
      const virtualSizeBytes = 256 * VHD_BLOCK;
      return { "app03.vhd": vhdOf(disk, { blockSizeBytes: VHD_BLOCK, virtualSizeBytes }).bytes };
    },
  },
  services: {
    what: "services, in a fixed VHD",
    files: () => {
      const control = { Services: { vmicshutdown: { Start: 4 } } };
      return { "pc04.vhd": CONTAINERS["vhd-fixed"](layMbr([volumeOf({ windows: { control } })])) };
    },
    services: [
      { name: "vmickvpexchange", start: "disable" },
      { name: "vmicshutdown", start: "enable" },
    ],
  },
} as const satisfies Record<string, CutGuest>;
