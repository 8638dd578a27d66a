import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { decodeRuns, HOLE } from "../../../src/fs/ntfs/runs.ts";
import { encodeRuns, type Run } from "../../lab/ntfs.ts";

const damage = (message: string) => new VmguestError("NTFS_RUNLIST", message);

/** The runs as [first cluster or HOLE, clusters]. */
function decode(pairs: Uint8Array, endVcn: number, lowestVcn = 0, clusterCount = 2 ** 40): number[][] {
  const { runCount, vcns, lcns } = decodeRuns(pairs, { lowestVcn, endVcn, clusterCount }, damage);
  return Array.from({ length: runCount }, (_, run) => [
    lcns[run] as number,
    (vcns[run + 1] as number) - (vcns[run] as number),
  ]);
}

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

describe("mapping pairs", () => {
  test.each([
    {
      pairs: "110a641105ce011031010e0d0300",
      runs: [
        [100, 10],
        [50, 5],
        [HOLE, 16],
        [200000, 1],
      ],
    },
    { pairs: "228000800000", runs: [[128, 128]] },
    {
      pairs: "41017856341213008000ff00",
      runs: [
        [0x12345678, 1],
        [0x12345677, 0x8000],
      ],
    },
    {
      pairs: "1101051101ff00",
      runs: [
        [5, 1],
        [4, 1],
      ],
    },
    { pairs: "02ff2400", runs: [[HOLE, 9471]] },
    {
      pairs: "2120aa1222e001bdee00",
      runs: [
        [4778, 32],
        [359, 480],
      ],
    },
  ])("$pairs decode to $runs", ({ pairs, runs }) => {
    const total = runs.reduce((sum, [, length = 0]) => sum + length, 0);
    expect(decode(hex(pairs), total)).toEqual(runs);
  });

  test("decode to what was encoded, wherever the extent begins", () => {
    const run = fc.record({
      lcn: fc.option(fc.nat(2 ** 40 - 2 ** 30), { nil: undefined }),
      lengthClusters: fc.integer({ min: 1, max: 2 ** 30 }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), fc.nat(2 ** 32), (runs: Run[], lowestVcn) => {
        const total = runs.reduce((sum, { lengthClusters }) => sum + lengthClusters, 0);
        expect(decode(encodeRuns(runs), lowestVcn + total, lowestVcn)).toEqual(
          runs.map(({ lcn, lengthClusters }) => [lcn ?? HOLE, lengthClusters]),
        );
      }),
    );
  });

  test("read fields that are longer than they need to be", () => {
    expect(decode(hex("880a0000000000000064000000000000008101ffffffffffffffff00"), 11)).toEqual([
      [100, 10],
      [99, 1],
    ]);
  });

  test("need no end byte where the attribute ends", () => {
    expect(decode(hex("110a64"), 10)).toEqual([[100, 10]]);
  });

  test.each([
    { fault: "a length of nothing", pairs: "110064", endVcn: 10, says: "a run of 0 clusters" },
    { fault: "a negative length", pairs: "11ff64", endVcn: 10, says: "a run of -1 clusters" },
    { fault: "no length field", pairs: "1064", endVcn: 10, says: "0x10 is no possible pair" },
    { fault: "a length field of 9 bytes", pairs: "19", endVcn: 10, says: "0x19 is no possible pair" },
    { fault: "a distance field of 9 bytes", pairs: "91", endVcn: 10, says: "0x91 is no possible pair" },
    {
      fault: "more clusters than claimed",
      pairs: "110b64",
      endVcn: 10,
      says: "a run of 11 clusters at VCN 0 of 10",
    },
    { fault: "fewer clusters than claimed", pairs: "110a64", endVcn: 11, says: "they end at VCN 10" },
    {
      fault: "a first cluster below 0",
      pairs: "110a9c",
      endVcn: 10,
      says: "clusters -100 to -91 lie outside",
    },
    {
      fault: "a run over the end of the volume",
      pairs: "110a64",
      endVcn: 10,
      says: "clusters 100 to 109 lie outside",
      clusterCount: 109,
    },
    { fault: "a last pair that is cut off", pairs: "210aff", endVcn: 10, says: "reaches past" },
    { fault: "a run past the end of the volume", pairs: "210aff7f", endVcn: 10, says: "lie outside" },
    {
      fault: "a length of 2^62",
      pairs: "080000000000000040",
      endVcn: 10,
      says: "a run of 4611686018427388000",
    },
    { fault: "a distance of -2^63", pairs: "810a0000000000000080", endVcn: 10, says: "lie outside" },
  ])("with $fault are NTFS_RUNLIST", ({ pairs, endVcn, says, clusterCount = 1000 }) => {
    expect(() => decode(hex(pairs), endVcn, 0, clusterCount)).toThrow(
      expect.objectContaining({ code: "NTFS_RUNLIST", message: expect.stringContaining(says) }),
    );
  });
});
