import { describe, expect, test } from "vitest";
import { checkContainer } from "../../src/disk/check/index.ts";
import { openDisk } from "../../src/disk/index.ts";
import { type Finding, VmguestError } from "../../src/errors.ts";
import { checkNtfs } from "../../src/fs/check/index.ts";
import { type DirectoryEntry, openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { checkPartitions } from "../../src/volume/check/index.ts";
import { readVolumes } from "../../src/volume/index.ts";
import { layGpt } from "../lab/guest-image.ts";
import { buildHive } from "../lab/hive.ts";
import { buildNtfs } from "../lab/ntfs.ts";
import { fixturesIn, readFixture } from "../support/fixtures.ts";
import { mutateBytes, seededRandom } from "./mutation.ts";

const SECONDS = Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60);
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

/** Runs a check to its end, or as far as a reader of its findings would. */
function drain(findings: Iterable<Finding>): void {
  tolerate(() => {
    let count = 0;
    for (const _ of findings) if (++count > STEPS_MAX) return;
  });
}

function walkHive(bytes: readonly Buffer[]): void {
  const [hive, ...logs] = bytes.map((part) => new MemorySource(part));
  if (hive === undefined) return;
  drain(checkHive(hive, { logs }));
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

function walkVolume([bytes]: readonly Buffer[]): void {
  const file = new MemorySource(bytes ?? Buffer.alloc(0));
  drain(checkContainer(file));
  const disk = openDisk(file);
  drain(checkPartitions(disk));
  for (const { source, content } of readVolumes(disk).volumes) {
    if (content === "ntfs") tolerate(() => walkNtfs(openNtfs(source)));
  }
}

function walkNtfs(volume: ReturnType<typeof openNtfs>): void {
  tolerate(() => void readNtfsState(volume));
  drain(checkNtfs(volume));
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

interface Target {
  readonly name: string;
  files(): readonly Buffer[];
  readonly walk: (bytes: readonly Buffer[]) => void;
}

const fixture = (name: string, walk: Target["walk"], ...logs: string[]): Target => ({
  name,
  files: () => [name, ...logs].map(readFixture),
  walk,
});

/** Hives of more megabytes than this take longer to copy than to walk. */
const HIVE_SIZE_MAX = 4 << 20;
const isSmall = (name: string) => readFixture(name).length <= HIVE_SIZE_MAX;

const lab = (name: string, bytes: Uint8Array, walk: Target["walk"]): Target => ({
  name,
  files: () => [Buffer.from(bytes)],
  walk,
});

const NEW_LOGS = "hive/yarp-NewDirtyHive1/NewDirtyHive";
const OLD_LOGS = "hive/yarp-OldDirtyHive/OldDirtyHive";
const NTFS_FILES = {
  "Windows/System32/config/SYSTEM": new Uint8Array(20_000).fill(7),
  "a/b/c.txt": new Uint8Array(9),
};

const TARGETS: readonly Target[] = [
  fixture(NEW_LOGS, walkHive, `${NEW_LOGS}.LOG1`, `${NEW_LOGS}.LOG2`),
  fixture(OLD_LOGS, walkHive, `${OLD_LOGS}.LOG1`, `${OLD_LOGS}.LOG2`),
  ...[...fixturesIn("hive"), ...fixturesIn("hive/yarp")]
    .filter(isSmall)
    .map((name) => fixture(name, walkHive)),
  fixture("ntfs/colinfinck-testfs1", walkVolume),
  fixture("ntfs/dissect-ntfs.bin", walkVolume),
  fixture("vhdx/dfvfs-ntfs-dynamic.vhdx", walkVolume),
  fixture("vhdx/ntfs-parent.vhdx", walkVolume),
  fixture("vhd/dfvfs-ntfs-dynamic.vhd", walkVolume),
  lab(
    "a hive of the lab",
    buildHive({ A: { B: { Name: "text", Big: new Uint8Array(40_000) } }, C: 1 }),
    walkHive,
  ),
  lab("a volume of the lab", buildNtfs({ files: NTFS_FILES }), walkVolume),
  lab("a disk of the lab", layGpt([buildNtfs({ files: NTFS_FILES })]), walkVolume),
];

describe("walking everything in a damaged file gives data or typed errors", () => {
  test.each(TARGETS)("$name", ({ files, walk }) => {
    const sound = files();
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
