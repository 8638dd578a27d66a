import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { BASE_BLOCK_SIZE } from "../../../src/registry/structures/index.ts";
import { HiveState } from "../../../src/staging/verify/hive-state.ts";
import { proveChanges } from "../../../src/staging/verify/index.ts";
import { VolumeState } from "../../../src/staging/verify/volume-state.ts";
import { noise } from "../../fs/ntfs/write/volumes.ts";
import {
  caught,
  layDisk,
  makeFile,
  meddle,
  prove,
  replaceFile,
  SOFTWARE,
  STAGING,
  type Stage,
  SYSTEM,
  setText,
  stageOn,
  TIME,
  tamper,
} from "./bench.ts";

const DISK = layDisk({
  ntfs: { files: { "Windows/notes.txt": "n".repeat(3000), "Windows/small.txt": "small" } },
});
const STAGE = stageOn(DISK, STAGING);
const CAB = "Windows/Setup/vmguest/ic.cab";

/** Flips one bit of a byte of the disk after the change. */
const flip = (offset: number, bit = 0) =>
  tamper(STAGE, (after) => {
    after[offset] = (after[offset] ?? 0) ^ (1 << bit);
    return [offset];
  });

const stateAfter = () => new VolumeState(new MemorySource(STAGE.after), STAGE.volume);

/** Where a byte of a file lies on the disk; of one in its record too. */
function placeOf(path: string, offset: number): number {
  const state = stateAfter();
  const { geometry } = state.volume;
  const record = state.record(state.volume.require(path).recordNumber);
  const [run] = state.runsOf(record, 0x80);
  if (run !== undefined) return STAGE.volume.offset + run.lcn * geometry.clusterSizeBytes + offset;
  const data = record.attributes.find(({ type }) => type === 0x80);
  return recordPlace(path, (data?.at ?? 0) + 0x18 + offset);
}

/** Where a byte of the FILE record of a file lies on the disk. */
function recordPlace(path: string, at: number): number {
  const state = stateAfter();
  const { recordNumber } = state.volume.require(path);
  const { mftOffset, recordSizeBytes } = state.volume.geometry;
  return STAGE.volume.offset + mftOffset + recordNumber * recordSizeBytes + at;
}

/** Where a byte of a cell of a hive lies on the disk; the cell's size stands in its first four bytes. */
function cellPlace(path: string, find: (hive: HiveState) => number, at: number): number {
  const hive = new HiveState(path, stateAfter().volume.require(path).open(), []);
  return placeOf(path, BASE_BLOCK_SIZE + find(hive) + at);
}

const keyCell = (key: string) => (hive: HiveState) => hive.findKey(key) ?? 0;
const valueCell = (key: string, name: string) => (hive: HiveState) => {
  const values = hive.valuesOf(hive.key(keyCell(key)(hive)));
  return values.find((value) => hive.valueName(value) === name.toUpperCase()) ?? 0;
};

interface Row {
  readonly what: string;
  readonly place: () => number;
  readonly bit?: number;
  readonly code: Code;
}

const ROWS: readonly Row[] = [
  { what: "the partition table", place: () => 512 + 56, code: "STAGE_PROOF_OUTSIDE" },
  { what: "the gap before the volume", place: () => STAGE.volume.offset - 1, code: "STAGE_PROOF_OUTSIDE" },
  { what: "the boot sector", place: () => STAGE.volume.offset + 0x60, code: "STAGE_PROOF_UNEXPLAINED" },
  {
    what: "the data of another file",
    place: () => placeOf("Windows/notes.txt", 77),
    code: "STAGE_PROOF_UNEXPLAINED",
  },
  {
    what: "a hive that is not planned for",
    place: () => placeOf(SOFTWARE, 5000),
    code: "STAGE_PROOF_UNEXPLAINED",
  },
  {
    what: "the record of another file",
    place: () => recordPlace("Windows/small.txt", 0x50),
    code: "STAGE_PROOF_RECORD",
  },
  {
    what: "the unused end of the record of another file",
    place: () => recordPlace("Windows/small.txt", 0x3f0),
    code: "STAGE_PROOF_RECORD",
  },
  {
    what: "the unused end of the record of a directory that changed",
    place: () => recordPlace("Windows", 0x3f0),
    code: "STAGE_PROOF_RECORD",
  },
  { what: "the record of a new file", place: () => recordPlace(CAB, 0x50), code: "STAGE_PROOF_RECORD" },
  { what: "the sequence of a new file", place: () => recordPlace(CAB, 0x10), code: "STAGE_PROOF_MISSING" },
  {
    what: "the unused end of the record of a new file",
    place: () => recordPlace(CAB, 0x3f0),
    code: "STAGE_PROOF_RECORD",
  },
  { what: "the content of a planned file", place: () => placeOf(CAB, 29_000), code: "STAGE_PROOF_CONTENT" },
  {
    what: "what stands behind the end of a planned file",
    place: () => placeOf(CAB, 30_100),
    code: "STAGE_PROOF_UNEXPLAINED",
  },
  { what: "a bit of $Bitmap", place: () => placeOf("$Bitmap", 60), code: "STAGE_PROOF_BITMAP" },
  {
    what: "a value of a key that was not planned for",
    place: () => cellPlace(SYSTEM, valueCell("Select", "Current"), 4 + 8),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "another value of a planned key",
    place: () => cellPlace(SYSTEM, valueCell("Setup", "OOBEInProgress"), 4 + 8),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "a planned value",
    place: () => cellPlace(SYSTEM, valueCell("Setup", "SetupType"), 4 + 8),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the time of another key",
    place: () => cellPlace(SYSTEM, keyCell("Select"), 4 + 4),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the time of a planned key",
    place: () => cellPlace(SYSTEM, keyCell("Setup"), 4 + 4),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the access bits of a new key",
    place: () => cellPlace(SYSTEM, keyCell("Setup\\vmguest"), 4 + 12),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the descriptor of keys",
    place: () => cellPlace(SYSTEM, (hive) => hive.key(hive.block.rootCell).security, 4 + 24),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the count of keys of a descriptor",
    place: () => cellPlace(SYSTEM, (hive) => hive.key(hive.block.rootCell).security, 4 + 12),
    code: "STAGE_PROOF_HIVE",
  },
  {
    what: "the size of a cell",
    place: () => cellPlace(SYSTEM, keyCell("Select"), 0),
    bit: 3,
    code: "STAGE_PROOF_HIVE",
  },
];

describe("a bit that was flipped after the change is found in", () => {
  test.each(ROWS)("$what", ({ place, bit, code }) => {
    expect(caught(() => prove(flip(place(), bit))).code).toBe(code);
  });
});

/** The same disk, with a plan that says something else than what was done. */
const planned = (changes: Stage["changes"]): Stage => ({ ...STAGE, changes });

describe("a plan is not proved by", () => {
  test.each<{ what: string; stage: () => Stage; code: Code }>([
    {
      what: "one file more than it names",
      stage: () =>
        planned(STAGING.filter((change) => !("path" in change) || !change.path.endsWith("job.ini"))),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "one file less than it names",
      stage: () => planned([...STAGING, makeFile("Windows/Setup/vmguest/other.txt", "x")]),
      code: "STAGE_PROOF_MISSING",
    },
    {
      what: "a folder where it names a file",
      stage: () => planned([...STAGING.slice(1), makeFile("Windows/Setup", "x")]),
      code: "STAGE_PROOF_MISSING",
    },
    {
      what: "a file with other content",
      stage: () =>
        planned([...STAGING, replaceFile("Windows/Setup/vmguest/job.ini", "[job]\r\nversion=2\r\n")]),
      code: "STAGE_PROOF_CONTENT",
    },
    {
      what: "a file with other attributes",
      stage: () =>
        planned(
          STAGING.map((change) =>
            change.kind === "create-file" && change.path === CAB ? { ...change, attributes: 1 } : change,
          ),
        ),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "a name spelled in another way",
      stage: () =>
        planned(
          STAGING.map((change) =>
            change.kind === "create-file" && change.path === CAB
              ? { ...change, path: "Windows/Setup/vmguest/IC.CAB" }
              : change,
          ),
        ),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "a value that it does not name",
      stage: () => planned(STAGING.filter((change) => !("name" in change) || change.name !== "SetupType")),
      code: "STAGE_PROOF_HIVE",
    },
    {
      what: "a value less than it names",
      stage: () => planned([...STAGING, setText("Setup", "Other", "x")]),
      code: "STAGE_PROOF_MISSING",
    },
    {
      what: "a value with other data",
      stage: () => planned([...STAGING, setText("Setup", "CmdLine", "other")]),
      code: "STAGE_PROOF_HIVE",
    },
    {
      what: "a key that it does not name",
      stage: () =>
        planned(STAGING.filter((change) => !("key" in change) || !change.key.startsWith("Setup\\vmguest"))),
      code: "STAGE_PROOF_HIVE",
    },
    {
      what: "a hive that it does not name",
      stage: () => planned(STAGING.filter((change) => !("hive" in change))),
      code: "STAGE_PROOF_UNEXPLAINED",
    },
    {
      what: "a file that was there before",
      stage: () => planned([...STAGING, makeFile("Windows/small.txt", "small")]),
      code: "STAGE_PROOF_MISSING",
    },
  ])("$what", ({ stage, code }) => {
    expect(caught(() => prove(stage())).code).toBe(code);
  });
});

describe("what was done besides is found:", () => {
  const made = (path: string) => {
    const { recordNumber, sequence } = stateAfter().volume.require(path);
    return { recordNumber, sequence, shortName: undefined };
  };

  test.each<{ what: string; stage: () => Stage; code: Code }>([
    {
      what: "a name was lost from a directory that changes anyway",
      stage: () =>
        meddle(STAGE, (writer) =>
          writer.deleteFile("Windows/notes.txt", made("Windows/notes.txt"), { time: TIME }),
        ),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "a planned file was deleted",
      stage: () => meddle(STAGE, (writer) => writer.deleteFile(CAB, made(CAB), { time: TIME })),
      code: "STAGE_PROOF_MISSING",
    },
    {
      what: "another file was made beside the planned ones",
      stage: () =>
        meddle(STAGE, (writer) => writer.createFile("Windows/Setup/vmguest/x.txt", noise(9), { time: TIME })),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "another file became longer",
      stage: () => meddle(STAGE, (writer) => writer.extend("Windows/notes.txt", 5000, { time: TIME })),
      code: "STAGE_PROOF_RECORD",
    },
    {
      what: "the name of another file was replaced in its directory alone",
      stage: () => {
        const [name, other] = ["notes.txt", "motes.txt"].map((text) => Buffer.from(text, "utf16le"));
        return tamper(STAGE, (after) => {
          const offsets: number[] = [];
          for (
            let at = Buffer.from(after).indexOf(name ?? "");
            at >= 0;
            at = Buffer.from(after).indexOf(name ?? "", at + 1)
          ) {
            const isInIndex = at > recordPlace("Windows", 0) && at < recordPlace("Windows", 1024);
            if (isInIndex) offsets.push(at);
          }
          for (const at of offsets) after.set(other ?? [], at);
          return offsets;
        });
      },
      code: "STAGE_PROOF_INDEX",
    },
  ])("$what", ({ stage, code }) => {
    expect(caught(() => prove(stage())).code).toBe(code);
  });

  test("it was done at another time", () => {
    const { before, after, volume, changes, pages } = STAGE;
    const [old, next] = [new MemorySource(before), new MemorySource(after)];
    const request = { before: old, after: next, volume, changes, changedPages: pages };
    expect(caught(() => proveChanges({ ...request, time: TIME + 1n })).code).toBe("STAGE_PROOF_RECORD");
  });

  test("the disk became larger", () => {
    const after = Buffer.concat([STAGE.after, new Uint8Array(4096)]);
    expect(caught(() => prove({ ...STAGE, after })).code).toBe("STAGE_PROOF_OUTSIDE");
  });
});
