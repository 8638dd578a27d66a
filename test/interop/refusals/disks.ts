import { closeSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { ADMIN_ONLY } from "../../fs/ntfs/write/volumes.ts";
import { layGpt, ntfsFiles, windowsVolume } from "../../lab/guest-image.ts";
import { buildHive, Surgery } from "../../lab/hive.ts";
import { layNtfs, type NtfsOptions } from "../../lab/ntfs.ts";
import { buildBootRecord, SparseDisk } from "../../lab/partitions.ts";
import { VhdImage, vhdOf } from "../../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage } from "../../lab/vhdx.ts";
import { systemTree } from "../../lab/windows/trees.ts";
import { RELEASES } from "../../lab/windows.ts";
import type { LabGuest } from "../../staging/preconditions/targets.ts";

const SPARE: NtfsOptions = {
  descriptors: new Map([[0x100, ADMIN_ONLY]]),
  spareClusters: 600,
  spareRecords: 20,
};

let plain: Uint8Array | undefined;

/** A guest that an update can be staged into, but for what is asked for. */
export function guestDisk({ windows, ntfs }: LabGuest = {}): Uint8Array {
  if (windows === undefined && ntfs === undefined) {
    plain ??= layGpt([guestVolume()]);
    return plain.slice();
  }
  return layGpt([guestVolume({ ...(windows && { windows }), ...(ntfs && { ntfs }) })]);
}

export function guestVolume({ windows, ntfs }: LabGuest = {}): Uint8Array {
  return windowsVolume({ release: "ws2008r2", ...windows }, { ...SPARE, ...ntfs });
}

const OTHER = "11111111-2222-3333-4444-555555555555";

/** A disk without a block of its own over `web01.vhdx`. */
export function emptyChild(): VhdxImage {
  const parent = {
    parent_linkage: `{${DATA_WRITE_GUID}}`,
    relative_path: ".\\web01.vhdx",
    absolute_win32_path: "C:\\none.vhdx",
  };
  return new VhdxImage({ virtualSizeBytes: guestDisk().length, dataWriteGuid: OTHER, parent });
}

/** The same over `web01.vhd`. */
export function emptyVhdChild(): VhdImage {
  const parent = { name: "web01.vhd", relativePath: ".\\web01.vhd", identity: 7 };
  return new VhdImage({ virtualSizeBytes: guestDisk().length, diskType: 4, identity: 8, parent });
}

/** Makes a hole before the footer, so that the file ends elsewhere. */
export function stretch(path: string, sizeBytes: number): void {
  const bytes = readFileSync(path);
  truncateSync(path, bytes.length - 512);
  truncateSync(path, sizeBytes);
  const file = openSync(path, "r+");
  writeSync(file, bytes, bytes.length - 512, 512, sizeBytes - 512);
  closeSync(file);
}

export function withoutFooterChecksum(): Uint8Array {
  const image = vhdOf(guestDisk());
  const at = image.footerOffset + 90;
  image.bytes[at] = (image.bytes[at] ?? 0) ^ 0xff;
  return image.bytes;
}

/** A volume whose FILE record of one file does not begin as it should. */
export function withDamagedRecord(find: (laid: ReturnType<typeof layNtfs>) => number): Uint8Array {
  const files = { ...ntfsFiles({ release: "ws2008r2" }), "a.bin": new Uint8Array(9000).fill(3) };
  const laid = layNtfs({ ...SPARE, files });
  const at = laid.recordOffset(find(laid));
  laid.bytes.fill(0xee, at, at + 8);
  return layGpt([laid.bytes]);
}

/** A disk whose second partition lies in the first one, which has the guest. */
export function withOverlap(): Uint8Array {
  const volume = guestVolume();
  const sectorCount = volume.length / 512;
  const disk = new SparseDisk(2048 * 512 + volume.length).write(2048 * 512, volume);
  const partitions = [
    { type: 7, firstLba: 2048, sectorCount },
    { type: 7, firstLba: 2048 + sectorCount - 1000, sectorCount: 1000 },
  ];
  disk.write(0, buildBootRecord(partitions));
  return new Uint8Array(disk.read(0, disk.sizeBytes).buffer);
}

/** The guest with its folder of hives elsewhere, and a symbolic link in the folder's place. */
export function withLinkedHives(): Uint8Array {
  const hives = "Windows/System32/config";
  const files = Object.entries(ntfsFiles({ release: "ws2008r2" })).map(([path, bytes]) => {
    return [path.startsWith(hives) ? path.replace(hives, "elsewhere") : path, bytes] as const;
  });
  const target = encodeUtf16("..\\..\\elsewhere");
  const data = new Uint8Array(12 + target.length);
  const view = new DataView(data.buffer);
  for (const at of [2, 6]) view.setUint16(at, target.length, true);
  view.setUint32(8, 1, true);
  data.set(target, 12);
  const link = { isDirectory: true, attributes: 0x400, reparse: { tag: 0xa000000c, data } };
  return layGpt([layNtfs({ ...SPARE, files: { ...Object.fromEntries(files), [hives]: link } }).bytes]);
}

/** The guest with a SYSTEM hive that was changed by hand. */
export function withSystem(operate: (surgery: Surgery) => void): Uint8Array {
  const system = buildHive(systemTree(RELEASES.ws2008r2, {}));
  operate(new Surgery(system));
  return guestDisk({ windows: { files: { "System32/config/SYSTEM": system } } });
}
