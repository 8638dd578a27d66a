import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { type DirectoryEntry, openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { readVolumes } from "../../src/volume/index.ts";
import { readFixture } from "../support/fixtures.ts";
import { mutateBytes, seededRandom } from "./mutation.ts";

const SECONDS = Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60) / 4;
const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);

/** A damaged tree may lead a walker in circles; the walk is what a caller would do, so it has a bound of its own. */
const STEPS_MAX = 20_000;
const LONGEST_MS = 10_000;

/** Typed errors are what a damaged file is expected to give; anything else is a mistake of ours. */
function tolerate(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
  }
}

function walkHive(bytes: readonly Buffer[]): void {
  const [hive, ...logs] = bytes.map((part) => new MemorySource(part));
  if (hive === undefined) return;
  const pending: Key[] = [Hive.open(hive, { logs }).root];
  for (let steps = 0; pending.length > 0 && steps < STEPS_MAX; steps++) {
    const key = pending.pop();
    if (key === undefined) return;
    tolerate(() => {
      for (const value of key.values())
        tolerate(() => void [value.text(), value.texts(), value.number(), value.data()]);
    });
    tolerate(() => {
      for (const child of key.subkeys()) if (pending.length < STEPS_MAX) pending.push(child);
    });
    tolerate(() => void key.find("ControlSet001\\Services\\vmbus"));
  }
}

function walkVolume(bytes: Buffer): void {
  for (const { source, content } of readVolumes(openDisk(new MemorySource(bytes))).volumes) {
    if (content === "ntfs") tolerate(() => walkNtfs(openNtfs(source)));
  }
}

function walkNtfs(volume: ReturnType<typeof openNtfs>): void {
  tolerate(() => void readNtfsState(volume));
  const pending: DirectoryEntry[] = [...volume.root.list()];
  for (let steps = 0; pending.length > 0 && steps < 2000; steps++) {
    const entry = pending.pop();
    tolerate(() => {
      const node = entry?.open();
      if (node === undefined) return;
      if (node.isDirectory) for (const child of node.list()) if (pending.length < 2000) pending.push(child);
      if (node.isDirectory) return;
      const data = node.open();
      data.read(0, Math.min(data.sizeBytes, 1 << 20));
      for (const { name } of node.streams) tolerate(() => void node.open(name).read(0, 1));
    });
  }
}

const TARGETS: { name: string; files: string[]; walk: (bytes: readonly Buffer[]) => void }[] = [
  {
    name: "a hive with new logs",
    files: [
      "hive/yarp-NewDirtyHive1/NewDirtyHive",
      "hive/yarp-NewDirtyHive1/NewDirtyHive.LOG1",
      "hive/yarp-NewDirtyHive1/NewDirtyHive.LOG2",
    ],
    walk: walkHive,
  },
  { name: "a hive made by offreg.dll", files: ["hive/nt-hive-testhive"], walk: walkHive },
  { name: "a BCD hive", files: ["hive/regipy-BCD"], walk: walkHive },
  {
    name: "an NTFS volume with 512 folders",
    files: ["ntfs/colinfinck-testfs1"],
    walk: ([bytes]) => bytes && walkVolume(bytes),
  },
  {
    name: "an NTFS disk of Windows 10",
    files: ["vhdx/dfvfs-ntfs-dynamic.vhdx"],
    walk: ([bytes]) => bytes && walkVolume(bytes),
  },
];

describe("walking everything in a damaged file gives data or typed errors", () => {
  test.each(TARGETS)("$name", ({ files, walk }) => {
    const sound = files.map(readFixture);
    const random = seededRandom(SEED);
    const end = performance.now() + (SECONDS * 1000) / TARGETS.length;
    for (let round = 0; performance.now() < end || round === 0; round++) {
      const damaged = sound.map((bytes) => mutateBytes(random, bytes));
      const start = performance.now();
      try {
        tolerate(() => walk(damaged));
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}: ${error}`, { cause: error });
      }
      expect(performance.now() - start, `seed ${SEED}, round ${round}`).toBeLessThan(LONGEST_MS);
    }
  });
});
