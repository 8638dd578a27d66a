import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisk } from "../../../src/disk/index.ts";
import { planDiskWrites } from "../../../src/disk/write/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { applyChanges } from "../../../src/staging/apply/apply-changes.ts";
import type { PlannedChange } from "../../../src/staging/index.ts";
import { proveChanges } from "../../../src/staging/verify/index.ts";
import { readVolumes } from "../../../src/volume/index.ts";
import { noise } from "../../fs/ntfs/write/volumes.ts";
import { CONTAINERS } from "../../lab/guest-image.ts";
import { buildHive, buildNewLog, crashed, entryOf } from "../../lab/hive.ts";
import {
  caught,
  inFreeCell,
  layDisk,
  makeFile,
  makeFolder,
  makeKey,
  NOW,
  prove,
  replaceFile,
  STAGING,
  type StageOptions,
  SYSTEM,
  setNumber,
  setText,
  stageOn,
  TIME,
  tamper,
} from "./bench.ts";

const longName = (index: number) => `${(index * 7919) % 9973} ${"long name ".repeat(6)}${index}`;

/** A hive, and the same with what a log has of it. */
const HIVES = {
  old: buildHive({ Setup: { CmdLine: "", SetupType: 0 }, Other: { Number: 1 } }, { sequence: 7 }),
  logged: buildHive({ Setup: { CmdLine: "", SetupType: 0 }, Other: { Number: 2 } }, { sequence: 7 }),
};

interface Row extends StageOptions {
  readonly what: string;
  readonly changes?: readonly PlannedChange[];
}

const ROWS: readonly Row[] = [
  { what: "an update" },
  { what: "an update on clusters of 512 bytes", ntfs: { clusterSizeBytes: 512, spareClusters: 4000 } },
  { what: "an update on clusters of 64 KiB", ntfs: { clusterSizeBytes: 65_536, spareClusters: 60 } },
  { what: "an update for which $MFT has to grow", ntfs: { spareRecords: 0 } },
  {
    what: "a folder whose index splits",
    ntfs: { spareRecords: 80, indexBlockSizeBytes: 1024 },
    changes: [
      makeFolder("many"),
      ...Array.from({ length: 40 }, (_, index) => makeFile(`many/${longName(index)}`, `${index}`)),
    ],
  },
  {
    what: "a folder that was full before",
    ntfs: {
      spareRecords: 80,
      files: Object.fromEntries(
        Array.from({ length: 60 }, (_, index) => [`many/${longName(index)}`, `${index}`]),
      ),
    },
    changes: Array.from({ length: 12 }, (_, index) => makeFile(`many/${longName(index + 100)}`, noise(900))),
  },
  {
    what: "contents that become longer, shorter, and move out of the record",
    ntfs: { files: { "a.ini": "a", "b.ini": "b".repeat(9000), "c.ini": "c".repeat(90) } },
    changes: [
      replaceFile("a.ini", noise(5000)),
      replaceFile("b.ini", "b"),
      replaceFile("c.ini", "d".repeat(80)),
    ],
  },
  {
    what: "a hive that outgrows its file",
    changes: [
      setText("Setup", "CmdLine", "long ".repeat(4000)),
      makeKey("Setup\\a\\b\\c"),
      setText("Setup\\a\\b\\c", "", "x"),
    ],
  },
  {
    what: "many values and keys, each more than once",
    changes: Array.from({ length: 30 }, (_, index) => [
      makeKey(`Setup\\vmguest\\key ${index}`),
      setText(`Setup\\vmguest\\key ${index % 7}`, `value ${index}`, "text ".repeat(index)),
      setNumber("Setup", "SetupType", index),
    ]).flat(),
  },
  {
    what: "a hive that its log has to bring up to date",
    windows: {
      files: {
        "System32/config/SYSTEM": crashed(HIVES.old, 8),
        "System32/config/SYSTEM.LOG1": buildNewLog(HIVES.old, [entryOf(HIVES.old, HIVES.logged, 7)]),
      },
    },
    changes: [
      setText("Setup", "CmdLine", "cmd.exe"),
      makeKey("Setup\\vmguest"),
      setNumber("Setup", "SetupType", 2),
    ],
  },
  { what: "an update on records of 4 KiB", ntfs: { recordSizeBytes: 4096 } },
  { what: "nothing", changes: [] },
  { what: "what is there already", changes: [setNumber("Setup", "SetupType", 0), makeKey("Setup")] },
];

describe("what was done as planned is proved:", () => {
  test.each(ROWS)("$what", ({ changes = STAGING, ...options }) => {
    const stage = stageOn(layDisk(options), changes);
    const proof = prove(stage);
    expect(prove(stage, { thorough: true })).toEqual(proof);
    expect(proof.hives.map(({ path }) => path)).toEqual(
      changes.some((change) => "hive" in change) ? [SYSTEM] : [],
    );
  });
});

test.each(["vhdx", "vhdx-fixed", "vhd"] as const)(
  "the result is read from what is written to a %s",
  (container) => {
    const file = new MemorySource(CONTAINERS[container](layDisk()));
    const disk = openDisk(file);
    const [volume] = readVolumes(disk).volumes;
    if (volume === undefined) throw new Error("the disk has no volume");
    const { overlay } = applyChanges(disk, volume, STAGING, { now: NOW });
    const newGuid = () => "11111111-2222-4333-8444-555555555555";
    const plan = planDiskWrites(file, disk, overlay.changes(), { newGuid });
    const changedPages = overlay.changes().flatMap(({ changes }) => changes.map(({ offset }) => offset));
    const request = { before: disk, after: openDisk(plan.file), volume, changes: STAGING, time: TIME };
    const proof = proveChanges({ ...request, changedPages });
    expect(proveChanges(request)).toEqual(proof);
  },
);

test("the proof says which records differ", () => {
  const { records } = prove(stageOn(layDisk(), STAGING));
  expect(records.map((record) => record.replace(/^\d+/, "n"))).toEqual([
    expect.stringMatching(/^n: Windows/),
    ...Array.from({ length: 5 }, () => expect.stringMatching(/^n: Windows\/Setup.* \(new\)$/)),
  ]);
});

/** Changes of any sort, each file named once. */
const anyPlan = fc
  .uniqueArray(fc.nat(40), { minLength: 1, maxLength: 8 })
  .map((numbers) =>
    numbers.map((number) => {
      const sorts = [
        makeFile(`Windows/${longName(number)}`, noise(number * 500, number)),
        makeFile(`Windows/f${number}.txt`, noise(number)),
        makeFolder(`Windows/folder ${number}`),
        replaceFile("Windows/notes.txt", noise(number * 100)),
        setText("Setup", `Value ${number}`, "text ".repeat(number)),
        makeKey(`Select\\key ${number}`),
        setNumber("Setup", "SetupType", number),
      ];
      return sorts[number % sorts.length] ?? makeFolder("x");
    }),
  )
  .map((changes) => {
    const replaced = changes.find(({ kind }) => kind === "replace-file");
    return changes.filter((change) => change.kind !== "replace-file" || change === replaced);
  });

test("any plan is proved, and one more flipped bit is found", () => {
  const disk = layDisk({ ntfs: { files: { "Windows/notes.txt": "n".repeat(3000) } } });
  fc.assert(
    fc.property(anyPlan, fc.nat(), fc.nat(7), (changes, seed, bit) => {
      const stage = stageOn(disk, changes);
      prove(stage);
      const page = stage.pages[seed % Math.max(1, stage.pages.length)] ?? 0;
      const offset = page + (Math.floor(seed / 7) % 4096);
      const damaged = tamper(stage, (after) => {
        after[offset] = (after[offset] ?? 0) ^ (1 << bit);
        return [offset];
      });
      if (!inFreeCell(stage, offset)) expect(caught(() => prove(damaged)).code).toMatch(/^STAGE_PROOF_/);
    }),
    { numRuns: Number(process.env["VMGUEST_PROOF_RUNS"] ?? 15) },
  );
});

test("one flipped bit anywhere is found, but inside free cells of a planned hive", () => {
  const stage = stageOn(layDisk(), STAGING);
  const inPages = fc
    .tuple(fc.nat(stage.pages.length - 1), fc.nat(4095))
    .map(([page, at]) => (stage.pages[page] ?? 0) + at);
  const anywhere = fc.nat(stage.after.length - 1);
  fc.assert(
    fc.property(fc.oneof(inPages, inPages, inPages, anywhere), fc.nat(7), (offset, bit) => {
      const damaged = tamper(stage, (after) => {
        after[offset] = (after[offset] ?? 0) ^ (1 << bit);
        return [offset];
      });
      if (inFreeCell(stage, offset)) return;
      expect(caught(() => prove(damaged)).code).toMatch(/^STAGE_PROOF_/);
    }),
    { numRuns: 60 },
  );
});
