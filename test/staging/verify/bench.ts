import { dateToFiletime } from "../../../src/bytes/index.ts";
import { openDisk } from "../../../src/disk/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import { NtfsWriter } from "../../../src/fs/ntfs/write/index.ts";
import { ATTRIBUTE } from "../../../src/fs/structures/index.ts";
import {
  type ByteSource,
  CHANGE_PAGE_BYTES,
  MemorySource,
  Overlay,
  readBytes,
  SliceSource,
  WritableSlice,
} from "../../../src/io/index.ts";
import { encodeDword, encodeString, VALUE_TYPES } from "../../../src/registry/edit/index.ts";
import { BASE_BLOCK_SIZE, readBaseBlock } from "../../../src/registry/structures/index.ts";
import { applyChanges } from "../../../src/staging/apply/apply-changes.ts";
import type { PlannedChange } from "../../../src/staging/index.ts";
import { type Proof, proveChanges } from "../../../src/staging/verify/index.ts";
import { VolumeState } from "../../../src/staging/verify/volume-state.ts";
import { readVolumes, type Volume } from "../../../src/volume/index.ts";
import { ADMIN_ONLY, noise } from "../../fs/ntfs/write/volumes.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import type { NtfsOptions } from "../../lab/ntfs.ts";
import type { WindowsOptions } from "../../lab/windows.ts";

export const NOW = new Date("2024-05-06T07:08:09Z");
export const TIME = dateToFiletime(NOW);

export const SYSTEM = "Windows/System32/config/SYSTEM";
export const SOFTWARE = "Windows/System32/config/SOFTWARE";

const CHANGE = { stage: "payload", reason: "the test wants it" } as const;

export const makeFolder = (path: string): PlannedChange => ({ ...CHANGE, kind: "create-directory", path });
export const makeFile = (path: string, content: Uint8Array | string): PlannedChange => ({
  ...CHANGE,
  kind: "create-file",
  path,
  content: Buffer.from(content),
});
export const replaceFile = (path: string, content: Uint8Array | string): PlannedChange => ({
  ...CHANGE,
  kind: "replace-file",
  path,
  content: Buffer.from(content),
});
export const makeKey = (key: string, hive = SYSTEM): PlannedChange => ({
  ...CHANGE,
  stage: "preparation",
  kind: "create-key",
  hive,
  key,
});
export const setText = (key: string, name: string, text: string, hive = SYSTEM): PlannedChange => ({
  ...CHANGE,
  stage: "preparation",
  kind: "set-value",
  hive,
  key,
  name,
  type: VALUE_TYPES.string,
  data: encodeString(text),
  text,
});
export const setNumber = (key: string, name: string, number: number, hive = SYSTEM): PlannedChange => ({
  ...CHANGE,
  stage: "arming",
  kind: "set-value",
  hive,
  key,
  name,
  type: VALUE_TYPES.dword,
  data: encodeDword(number),
  text: `${number}`,
});

/** What staging an update comes to. */
export const STAGING: readonly PlannedChange[] = [
  makeFolder("Windows/Setup"),
  makeFolder("Windows/Setup/vmguest"),
  makeFile("Windows/Setup/vmguest/ic.cab", noise(30_000)),
  makeFile("Windows/Setup/vmguest/job.ini", "[job]\r\nversion=1\r\n"),
  makeFile("Windows/Setup/vmguest/first-boot script.cmd", noise(5000)),
  setText("Setup", "CmdLine", "C:\\Windows\\System32\\cmd.exe /d /c C:\\Windows\\Setup\\vmguest\\run.cmd"),
  makeKey("Setup\\vmguest"),
  setText("Setup\\vmguest", "Package", "x".repeat(300)),
  setNumber("Setup", "SetupType", 2),
];

/** A disk with a guest on it, before and after planned changes. */
export interface Stage {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly volume: Volume;
  readonly changes: readonly PlannedChange[];
  readonly pages: readonly number[];
}

export interface StageOptions {
  readonly windows?: Partial<WindowsOptions>;
  readonly ntfs?: NtfsOptions;
}

/** A disk with one guest, and room for more files. */
export function layDisk({ windows, ntfs }: StageOptions = {}): Uint8Array {
  const volume = windowsVolume(
    { release: "ws2008r2", drivers: null, ...windows },
    {
      spareClusters: 600,
      spareRecords: 20,
      descriptors: new Map([[0x100, ADMIN_ONLY]]),
      ...ntfs,
    },
  );
  return layGpt([volume]);
}

export function volumeOf(disk: Uint8Array): Volume {
  const [volume] = readVolumes(openDisk(new MemorySource(disk))).volumes;
  if (volume === undefined) throw new Error("the disk has no volume");
  return volume;
}

export function stageOn(before: Uint8Array, changes: readonly PlannedChange[]): Stage {
  const disk = openDisk(new MemorySource(before));
  const volume = volumeOf(before);
  const { overlay } = applyChanges(disk, volume, changes, { now: NOW });
  const pages = new Set(overlay.changes().flatMap((phase) => phase.changes.map(({ offset }) => offset)));
  const after = Uint8Array.from(readBytes(overlay, 0, overlay.sizeBytes));
  return { before, after, volume, changes, pages: [...pages].sort((a, b) => a - b) };
}

/** The proof of a stage, over the pages that changed or (thorough) all of them. */
export function prove(stage: Stage, { thorough = false }: { thorough?: boolean } = {}): Proof {
  const { before, after, volume, changes, pages } = stage;
  return proveChanges({
    before: openDisk(new MemorySource(before)),
    after: openDisk(new MemorySource(after)),
    volume,
    changes,
    time: TIME,
    ...(!thorough && { changedPages: pages }),
  });
}

/** A stage whose result has other bytes in some places; the pages of these may differ, too. */
export function tamper(stage: Stage, change: (after: Uint8Array) => readonly number[]): Stage {
  const after = stage.after.slice();
  const offsets = change(after);
  const pages = new Set([...stage.pages, ...offsets.map((at) => at - (at % CHANGE_PAGE_BYTES))]);
  return { ...stage, after, pages: [...pages] };
}

/** A stage after which somebody has done more to the volume. */
export function meddle(stage: Stage, work: (writer: NtfsWriter) => void): Stage {
  const overlay = new Overlay(new MemorySource(stage.after));
  work(NtfsWriter.open(new WritableSlice(overlay, stage.volume.offset, stage.volume.sizeBytes)));
  const pages = overlay.changes().flatMap((phase) => phase.changes.map(({ offset }) => offset));
  const after = Uint8Array.from(readBytes(overlay, 0, overlay.sizeBytes));
  return { ...stage, after, pages: [...stage.pages, ...pages] };
}

/** The error that `work` ends in. */
export function caught(work: () => unknown): VmguestError {
  try {
    work();
  } catch (error) {
    if (error instanceof VmguestError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Whether a byte of the disk is inside a free cell of the hive that the plan changes, behind the size of the cell. */
export function inFreeCell({ after, volume }: Stage, offset: number): boolean {
  const files = new SliceSource(new MemorySource(after), volume.offset, volume.sizeBytes);
  const state = new VolumeState(new MemorySource(after), volume);
  const { recordNumber } = state.volume.require(SYSTEM);
  const { clusterSizeBytes } = state.volume.geometry;
  let at = 0;
  for (const { lcn, lengthClusters } of state.runsOf(state.record(recordNumber), ATTRIBUTE.data)) {
    const start = volume.offset + lcn * clusterSizeBytes;
    if (offset >= start && offset < start + lengthClusters * clusterSizeBytes) {
      return isFree(openNtfs(files).require(SYSTEM).open(), at + offset - start);
    }
    at += lengthClusters * clusterSizeBytes;
  }
  return false;
}

function isFree(hive: ByteSource, offset: number): boolean {
  const end = BASE_BLOCK_SIZE + (readBaseBlock(hive)?.binsSize ?? 0);
  for (let bin = BASE_BLOCK_SIZE; bin < end; ) {
    const binEnd = bin + hive.read(bin + 8, 4).getUint32(0, true);
    for (let cell = bin + 32; offset >= bin && cell < binEnd; ) {
      const size = hive.read(cell, 4).getInt32(0, true);
      if (offset < cell + Math.abs(size)) return size > 0 && offset >= cell + 4;
      cell += Math.abs(size);
    }
    bin = binEnd;
  }
  return false;
}
