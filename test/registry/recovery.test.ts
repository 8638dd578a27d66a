import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Code, VmguestError } from "../../src/errors.ts";
import { type ByteSource, MemorySource, readBytes } from "../../src/io/index.ts";
import { Hive } from "../../src/registry/index.ts";
import { BASE_BLOCK_SIZE } from "../../src/registry/layout.ts";
import {
  baseBlockOf,
  buildHive,
  buildNewLog,
  buildOldLog,
  crashed,
  entryOf,
  type HiveTree,
  LAB_TIME,
  seal,
} from "../lab/hive.ts";

/** Four states of one hive: each is a little larger than the one before, and the last one has a bin more. */
const tree = (state: number): HiveTree => ({
  State: state,
  Key: Object.fromEntries(
    Array.from({ length: 10 * state }, (_, index) => [`Subkey${index}`, { Value: state }]),
  ),
  Blob: new Uint8Array(2000 * state).fill(state),
});
const [A, B, C, D] = [1, 2, 3, 4].map((state) => buildHive(tree(state))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

const source = (bytes: Uint8Array) => new MemorySource(bytes);
const open = (hive: Uint8Array, ...logs: Uint8Array[]) => Hive.open(source(hive), { logs: logs.map(source) });
const codes = (hive: Hive) => hive.findings.map(({ code }) => code);
const stateOf = (hive: Hive) => hive.root.value("State")?.number();

function expectBins(hive: Hive, expected: Uint8Array): void {
  const { binsSize } = baseBlockOf(expected);
  const bins = readBytes(hive.image, BASE_BLOCK_SIZE, binsSize);
  expect(Buffer.compare(bins, expected.subarray(BASE_BLOCK_SIZE, BASE_BLOCK_SIZE + binsSize))).toBe(0);
  expect(baseBlockOf(new Uint8Array(readBytes(hive.image, 0, 512))).binsSize).toBe(binsSize);
}

const flip = (bytes: Uint8Array, at: number) => {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
};

const AB = entryOf(A, B, 7);
const BC = entryOf(B, C, 8);
const CD = entryOf(C, D, 9);

test("a clean hive is read as it is, whatever its logs hold", () => {
  const hive = open(A, buildNewLog(A, [AB, BC]), flip(buildNewLog(A, [AB]), 20));
  expect(hive.recovery).toBe("clean");
  expect(hive.findings).toEqual([]);
  expect(stateOf(hive)).toBe(1);
});

describe("a hive whose sequence numbers differ", () => {
  const dirty = crashed(A, 8);

  test.each([
    { what: "no logs", logs: [] },
    { what: "an empty log and one full of zeros", logs: [new Uint8Array(0), new Uint8Array(1024)] },
  ])("is read as it is with $what, with a finding", ({ logs }) => {
    const hive = open(dirty, ...logs);
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_DIRTY"]);
    expect(stateOf(hive)).toBe(1);
  });

  test.each([
    { what: "one log with one entry", logs: [buildNewLog(A, [AB])], state: B },
    { what: "one log with three entries", logs: [buildNewLog(A, [AB, BC, CD])], state: D },
    { what: "two logs", logs: [buildNewLog(A, [AB]), buildNewLog(A, [BC, CD])], state: D },
    {
      what: "two logs, the newer one first",
      logs: [buildNewLog(A, [BC, CD]), buildNewLog(A, [AB])],
      state: D,
    },
    { what: "an empty log and a full one", logs: [new Uint8Array(0), buildNewLog(A, [AB, BC])], state: C },
    {
      what: "a log that is older than the hive and one that is not",
      logs: [buildNewLog(A, [entryOf(D, C, 5), entryOf(C, A, 6)]), buildNewLog(A, [AB, BC])],
      state: C,
    },
    { what: "logs that overlap", logs: [buildNewLog(A, [AB, BC]), buildNewLog(A, [BC, CD])], state: D },
    { what: "a gap between the logs", logs: [buildNewLog(A, [AB]), buildNewLog(A, [CD])], state: B },
    { what: "a gap inside a log", logs: [buildNewLog(A, [AB, CD])], state: B },
  ])("is brought up to date by $what", ({ logs, state }) => {
    const hive = open(dirty, ...logs);
    expect(hive.recovery).toBe("recovered");
    expect(codes(hive)).toEqual(["REGF_LOG_APPLIED"]);
    expectBins(hive, state);
    expect(hive.require("Key").subkeyCount).toBe(Number(stateOf(hive)) * 10);
  });

  test("gets sequence numbers one beyond the last entry, and a checksum", () => {
    const block = readBytes(open(dirty, buildNewLog(A, [AB, BC])).image, 0, 512).slice();
    const { primarySequence, secondarySequence, checksum } = baseBlockOf(block);
    expect([primarySequence, secondarySequence]).toEqual([9, 9]);
    expect(baseBlockOf(seal(block)).checksum).toBe(checksum);
  });

  test("is not touched, nor is its file", () => {
    const before = dirty.slice();
    expectBins(open(dirty, buildNewLog(A, [AB, BC, CD])), D);
    expect(Buffer.compare(dirty, before)).toBe(0);
  });

  test("follows sequence numbers through their wrap-around", () => {
    const last = 0xffff_ffff;
    const log = buildNewLog(A, [entryOf(A, B, last), entryOf(B, C, 0)]);
    const hive = crashed(A, 8);
    Object.assign(baseBlockOf(hive), { primarySequence: 0, secondarySequence: last });
    expectBins(open(seal(hive), log), C);
  });

  test.each([
    { what: "older than the hive", entries: [entryOf(A, B, 6), entryOf(B, C, 7)] },
    { what: "not what the log's base block says", entries: [BC], sequence: 7 },
  ])("is not changed by a log whose first entry is $what", ({ entries, sequence }) => {
    const log = buildNewLog(A, entries);
    const first = sequence ?? entries[0]?.sequence ?? 0;
    Object.assign(baseBlockOf(log), { primarySequence: first, secondarySequence: first });
    const hive = open(dirty, seal(log));
    expect(hive.recovery).toBe("unrecovered");
    expectBins(hive, A);
  });

  test("takes what stands behind the newest entry for left over, unless it would come next", () => {
    const stale = flip(buildNewLog(A, [AB, entryOf(B, A, 3)]), buildNewLog(A, [AB]).length + 100);
    expect(codes(open(dirty, stale))).toEqual(["REGF_LOG_APPLIED"]);
    const torn = flip(buildNewLog(A, [AB, BC]), buildNewLog(A, [AB]).length + 100);
    const hive = open(dirty, torn);
    expect(codes(hive)).toEqual(["REGF_LOG_APPLIED", "REGF_LOG"]);
    expectBins(hive, B);
  });

  test("is brought to one of its states by a log that was cut off anywhere", () => {
    const log = buildNewLog(A, [AB, BC, CD]);
    fc.assert(
      fc.property(fc.nat(log.length), (length) => {
        const hive = open(dirty, log.slice(0, length));
        const reached = [A, B, C, D][Number(stateOf(hive)) - 1] ?? A;
        expect(hive.recovery).toBe(reached === A ? "unrecovered" : "recovered");
        expectBins(hive, reached);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    { what: "a base block that is damaged", log: flip(buildNewLog(A, [AB]), 60) },
    { what: "an unknown type", log: patched(buildNewLog(A, [AB]), { fileType: 5 }) },
    { what: "sequence numbers that differ", log: patched(buildNewLog(A, [AB]), { secondarySequence: 6 }) },
    { what: "an entry that adds bins without a header", log: buildNewLog(A, [{ ...AB, binsSize: 1 << 20 }]) },
    { what: "bins of an impossible size", log: buildNewLog(A, [{ ...AB, binsSize: 5000 }]) },
    { what: "a page outside the bins", log: buildNewLog(A, [{ ...AB, binsSize: 4096 }]) },
    {
      what: "a page that is no whole number of sectors",
      log: buildNewLog(A, [{ ...AB, pages: [{ offset: 100, bytes: new Uint8Array(4096) }] }]),
    },
    {
      what: "a page that takes the first bin away",
      log: buildNewLog(A, [{ ...AB, pages: [{ offset: 0, bytes: new Uint8Array(4096) }] }]),
    },
  ])("is read as it is where the log has $what, with a finding", ({ log }) => {
    const hive = open(dirty, log);
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_LOG", "REGF_DIRTY"]);
    expectBins(hive, A);
  });
});

function patched(log: Uint8Array, fields: Partial<ReturnType<typeof baseBlockOf>>): Uint8Array {
  Object.assign(baseBlockOf(log), fields);
  return seal(log);
}

describe("a log that cannot be read", () => {
  const failing = (code: Code, readable: number): ByteSource => {
    const log = source(buildNewLog(A, [AB]));
    return {
      sizeBytes: log.sizeBytes,
      read: (offset, length) => {
        if (offset >= readable) throw new VmguestError(code, "no way");
        return log.read(offset, length);
      },
    };
  };

  test.each([0, 512])("because the file system is damaged from byte %i on is a finding", (readable) => {
    const hive = Hive.open(source(crashed(A, 8)), { logs: [failing("NTFS_RUNLIST", readable)] });
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_LOG", "REGF_DIRTY"]);
    expectBins(hive, A);
  });

  test("because the image cannot be read is an error", () => {
    const logs = [failing("IO_READ", 512)];
    expect(() => Hive.open(source(crashed(A, 8)), { logs })).toThrow(
      expect.objectContaining({ code: "IO_READ" }),
    );
  });
});

describe("a hive whose base block is damaged", () => {
  test("gets that of the newest log, and the entries of that log alone", () => {
    const damaged = flip(B, 20);
    const hive = open(damaged, buildNewLog(B, [AB]), buildNewLog(B, [BC, CD]));
    expect(hive.recovery).toBe("recovered");
    expect(hive.version).toEqual({ major: 1, minor: 5 });
    expectBins(hive, D);
  });

  test("is recognised even without its signature, if a log has a base block for it", () => {
    expectBins(open(flip(A, 0), buildNewLog(A, [AB])), B);
    expect(() => open(flip(A, 0))).toThrow(expect.objectContaining({ code: "REGF_NOT" }));
  });

  test("is read as it is without a log, if only the checksum is wrong", () => {
    const hive = open(flip(A, 508));
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_DIRTY"]);
    expect(stateOf(hive)).toBe(1);
  });
});

describe("an old-format log", () => {
  const dirty = crashed(A, 8);
  const timed = (state: number, lastWritten: bigint) => buildHive(tree(state), { lastWritten });

  test.each([
    { what: "alone", logs: [buildOldLog(A, B)] },
    { what: "beside an empty one", logs: [new Uint8Array(0), buildOldLog(A, B)] },
    { what: "beside one of another time", logs: [buildOldLog(A, timed(4, 5n)), buildOldLog(A, B)] },
    {
      what: "with something behind its last sector",
      logs: [Buffer.concat([buildOldLog(A, B), Buffer.alloc(4)])],
    },
  ])("brings a dirty hive up to date $what", ({ logs }) => {
    const hive = open(dirty, ...logs);
    expect(hive.recovery).toBe("recovered");
    expect(codes(hive)).toEqual(["REGF_LOG_APPLIED"]);
    expectBins(hive, B);
  });

  test("may add bins", () => {
    expectBins(open(dirty, buildOldLog(A, D)), D);
  });

  test("of another time is not applied to a hive with a good base block", () => {
    const hive = open(dirty, buildOldLog(A, timed(2, LAB_TIME + 1n)));
    expect(hive.recovery).toBe("unrecovered");
    expectBins(hive, A);
  });

  test("stands in for a damaged base block where its time is that of the first bin", () => {
    const hive = open(flip(A, 20), buildOldLog(A, timed(4, 5n)), buildOldLog(A, B));
    expect(codes(hive)).toEqual(["REGF_LOG_APPLIED"]);
    expectBins(hive, B);
  });

  test("stands in for a damaged base block even with another time, the newest first, but that is said", () => {
    const [older, newer] = [timed(2, LAB_TIME + 1n), timed(3, LAB_TIME + 2n)];
    const hive = open(flip(A, 20), buildOldLog(A, older), buildOldLog(A, newer));
    expect(codes(hive)).toEqual(["REGF_LOG_APPLIED", "REGF_LOG_TIMESTAMP"]);
    expectBins(hive, newer);
  });

  test.each([
    { what: "ends early", log: buildOldLog(A, B).slice(0, -1) },
    { what: "ends in its dirty vector", log: buildOldLog(A, B).slice(0, 600) },
    { what: "ends after its base block", log: buildOldLog(A, B).slice(0, 512) },
    { what: "has no dirty vector", log: flip(buildOldLog(A, B), 512) },
    { what: "claims sectors of 512 MiB", log: patched(buildOldLog(A, B), { clusteringFactor: 1 << 20 }) },
    { what: "claims bins of an impossible size", log: patched(buildOldLog(A, B), { binsSize: 5000 }) },
  ])("that $what is not applied, with a finding", ({ log }) => {
    const hive = open(dirty, log);
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_LOG", "REGF_DIRTY"]);
    expectBins(hive, A);
  });
});
