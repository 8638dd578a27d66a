import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRuns, HOLE } from "../../../../src/fs/ntfs/runs.ts";
import { isAdminOnly } from "../../../../src/fs/ntfs/write/admin-only.ts";
import { BitStore } from "../../../../src/fs/ntfs/write/bit-store.ts";
import { countClusters, encodeRuns, joinRuns, type Run } from "../../../../src/fs/ntfs/write/run-encoder.ts";
import type { Phase } from "../../../../src/io/index.ts";

const CLUSTERS = 2 ** 40;
const run: fc.Arbitrary<Run> = fc.record({
  lcn: fc.oneof(fc.constant(HOLE), fc.integer({ min: 0, max: CLUSTERS - 2 ** 20 })),
  lengthClusters: fc.integer({ min: 1, max: 2 ** 20 }),
});

function decode(bytes: Uint8Array, endVcn: number): Run[] {
  const { runCount, lcns, vcns } = decodeRuns(
    bytes,
    { lowestVcn: 0, endVcn, clusterCount: CLUSTERS },
    (message) => expect.unreachable(message),
  );
  return Array.from({ length: runCount }, (_, index) => ({
    lcn: lcns[index] ?? HOLE,
    lengthClusters: (vcns[index + 1] ?? 0) - (vcns[index] ?? 0),
  }));
}

test("runs are read as they were encoded", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
      expect(decode(encodeRuns(runs), countClusters(runs))).toEqual(runs);
      const joined = joinRuns(runs);
      expect(countClusters(joined)).toBe(countClusters(runs));
      expect(joinRuns(joined)).toEqual(joined);
    }),
  );
});

test.each<[readonly (readonly [number, number])[], string]>([
  [
    [
      [100, 10],
      [50, 5],
      [HOLE, 16],
      [200_000, 1],
    ],
    "110a641105ce011031010e0d0300",
  ],
  [[[128, 128]], "228000800000"],
  [
    [
      [0x12345678, 1],
      [0x12345677, 0x8000],
    ],
    "41017856341213008000ff00",
  ],
  [
    [
      [5, 1],
      [4, 1],
    ],
    "1101051101ff00",
  ],
  [[[HOLE, 9471]], "02ff2400"],
])("the runs %j take as few bytes as Windows needs", (runs, hex) => {
  const encoded = encodeRuns(runs.map(([lcn, lengthClusters]) => ({ lcn, lengthClusters })));
  expect(Buffer.from(encoded).toString("hex")).toBe(hex);
});

test("what was given back is not taken again, nor what shares its bytes", () => {
  const stored: [number, string, Phase][] = [];
  const bits = new BitStore(Uint8Array.of(0xff, 0x0f, 0x00), (at, bytes, phase) =>
    stored.push([at, Buffer.from(bytes).toString("hex"), phase]),
  );
  expect(bits.nextFree(0, 24)).toBe(12);
  bits.take(12, 2);
  bits.give(2, 3);
  expect(bits.nextFree(0, 24)).toBe(14);
  expect(bits.nextTaken(14, 24)).toBe(24);
  bits.give(12, 1);
  expect(bits.nextFree(0, 24)).toBe(16);
  expect(stored).toEqual([
    [1, "3f", "allocation"],
    [0, "e3", "release"],
    [1, "2f", "release"],
  ]);
});

test("an operation on a bitmap is taken back whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.nat(60), fc.integer({ min: 1, max: 70 }))),
      (operations) => {
        const bits = new BitStore(new Uint8Array(20).fill(0x5a), () => {});
        for (const [takes, first, count] of operations) {
          if (takes) bits.take(first, count);
          else bits.give(first, count);
        }
        bits.discard();
        expect([...bits.bytes]).toEqual([...new Uint8Array(20).fill(0x5a)]);
        expect(bits.nextFree(0, 160)).toBe(0);
      },
    ),
  );
});

const SYSTEM = "S-1-5-18";
const USERS = "S-1-5-32-545";
const TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

test.each<{
  what: string;
  owner?: string;
  access: [number, number, string | undefined][] | null;
  expected: boolean;
}>([
  {
    what: "the folders of Windows",
    owner: TRUSTED_INSTALLER,
    access: [
      [0, 0x1f01ff, SYSTEM],
      [0, 0x1200a9, USERS],
      [0, 0x1000_0000, "S-1-3-0"],
    ],
    expected: true,
  },
  {
    what: "users who may append",
    access: [
      [0, 0x1f01ff, SYSTEM],
      [0, 0x0000_0004, USERS],
    ],
    expected: false,
  },
  { what: "users who may change permissions", access: [[0, 0x0004_0000, USERS]], expected: false },
  { what: "users who may do all", access: [[0, 0x1000_0000, USERS]], expected: false },
  { what: "users who are denied to write", access: [[1, 0x1f01ff, USERS]], expected: true },
  {
    what: "an owner who is a user",
    owner: "S-1-5-21-1-2-3-1000",
    access: [[0, 0x1200a9, USERS]],
    expected: false,
  },
  { what: "no list at all", access: null, expected: false },
  { what: "an empty list", access: [], expected: true },
  { what: "an entry with a condition", access: [[9, 0x1f01ff, undefined]], expected: false },
])("permissions for administrators alone: $what $expected", ({ owner = SYSTEM, access, expected }) => {
  const entries = access?.map(([type, mask, sid]) => ({ type, flags: 0, mask, sid })) ?? null;
  expect(isAdminOnly({ owner, group: undefined, control: 0x8004, access: entries })).toBe(expected);
});
