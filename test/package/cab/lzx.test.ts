import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { undoX86Filter } from "../../../src/bytes/lzx/index.ts";
import { createLzxDecoder } from "../../../src/package/cab/lzx/index.ts";
import type { LabBlock } from "../../lab/cab.ts";
import { type LabLzxOptions, lzx } from "../../lab/lzx.ts";
import { mixture } from "./lzx-content.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

function decode(blocks: readonly LabBlock[], windowBits = 15): Buffer {
  const decoder = createLzxDecoder(windowBits);
  return Buffer.concat(
    blocks.map(({ data, outputSize }) => Uint8Array.from(decoder.decode(data, outputSize))),
  );
}

function roundTrip(content: Uint8Array, options: LabLzxOptions): boolean {
  return decode(lzx(options).encode(content), options.windowBits).equals(content);
}

describe("blocks that this project did not encode", () => {
  test.each([
    { kind: "uncompressed", data: "0030700001000000010000000100000068656c6c6f0d0a00" },
    {
      kind: "verbatim",
      data: "0010700000000000001000000001000000000000000000000000000000000000000000000000000000000000000000000000000000000f11ffff00fc00000000000000003f44ffff68f96c656f6c0a0d",
    },
  ])("hello, $kind", ({ data }) => {
    expect(decode([{ data: hex(data), outputSize: 7 }]).toString()).toBe("hello\r\n");
  });
});

describe("what is encoded is expanded again", () => {
  test.each([15, 16, 17, 18, 19, 20, 21])("with a window of 2^%i bytes", (windowBits) => {
    // Pieces from as far back as the window goes, and farther.
    const content = new Uint8Array(2 ** windowBits + 100_001);
    const piece = mixture(50_000, windowBits);
    content.set(piece);
    content.set(piece, 2 ** windowBits - 3);
    content.set(piece.subarray(0, 40_000), 2 ** windowBits + 60_000);
    expect(roundTrip(content, { windowBits, blockSizes: [100_000], kinds: ["verbatim", "aligned"] })).toBe(
      true,
    );
  });

  test("where the window moves many times", () => {
    expect(roundTrip(mixture(500_000, 1), { windowBits: 15, blockSizes: [77_777] })).toBe(true);
  });

  test.each<{ options: LabLzxOptions }>([
    { options: { kinds: ["verbatim"], blockSizes: [100_000] } },
    { options: { kinds: ["aligned"], blockSizes: [30_000] } },
    { options: { kinds: ["uncompressed"], blockSizes: [40_001] } },
    { options: { kinds: ["uncompressed"], blockSizes: [40_002] } },
    { options: { kinds: ["uncompressed"], blockSizes: [1, 32_767] } },
    { options: { kinds: ["verbatim", "uncompressed", "aligned"], blockSizes: [5001] } },
    { options: { kinds: ["uncompressed", "aligned"], blockSizes: [1, 2, 3, 20_000] } },
    { options: { kinds: ["verbatim"], blockSizes: [700], filterSize: 12_000_000 } },
    { options: { kinds: ["aligned", "uncompressed"], blockSizes: [50_001], filterSize: 20_000 } },
  ])(
    "in blocks of $options.blockSizes bytes, $options.kinds, calls as in $options.filterSize",
    ({ options }) => {
      expect(roundTrip(mixture(100_003, 7), options)).toBe(true);
    },
  );

  test("whatever the content, the window and the blocks are", () => {
    const kind = fc.constantFrom("verbatim", "aligned", "uncompressed");
    const options = fc.record({
      windowBits: fc.integer({ min: 15, max: 18 }),
      kinds: fc.array(kind, { minLength: 1, maxLength: 3 }),
      blockSizes: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 3 }),
      filterSize: fc.constantFrom(0, 100, 12_000_000),
    });
    const content = fc
      .tuple(fc.integer({ min: 1, max: 70_000 }), fc.nat())
      .map(([sizeBytes, seed]) => mixture(sizeBytes, seed));
    const enough = { numRuns: 25 } as const;
    const few = (blockSizes: readonly number[]) => blockSizes.map((size) => Math.max(size, 300));
    fc.assert(
      fc.property(content, options, (bytes, { blockSizes, ...rest }) => {
        expect(roundTrip(bytes, { ...rest, blockSizes: few(blockSizes) })).toBe(true);
      }),
      enough,
    );
  });

  test("the byte after an odd block may stand in the frame that the block ends or in the next one", () => {
    const content = mixture(60_000, 3);
    const kinds = ["uncompressed", "uncompressed", "verbatim"] as const;
    const [first, second] = lzx({ kinds, blockSizes: [1, 32_767, 30_000] }).encode(content);
    if (first === undefined || second === undefined) throw new Error("there are two frames");
    const moved = [
      { ...first, data: Buffer.concat([first.data, Uint8Array.of(0)]) },
      { ...second, data: second.data.subarray(1) },
    ];
    expect(decode([first, second]).equals(content)).toBe(true);
    expect(decode(moved).equals(content)).toBe(true);
  });

  test("the byte after the last block may be missing", () => {
    const [block] = lzx({ kinds: ["uncompressed"] }).encode(hex("616263"));
    if (block === undefined) throw new Error("there is a frame");
    const data = block.data.subarray(0, -1);
    expect(decode([{ data, outputSize: 3 }]).toString()).toBe("abc");
  });
});

describe("targets of calls", () => {
  const frame = (...calls: readonly (readonly [at: number, target: number])[]) => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    for (const [at, target] of calls) {
      bytes[at] = 0xe8;
      view.setInt32(at + 1, target, true);
    }
    return bytes;
  };

  test.each([
    { name: "an absolute target becomes relative", stored: 1000, restored: 1000 - 520 },
    { name: "a target below zero comes from the end", stored: -520, restored: 5000 - 520 },
    { name: "a target before the file stays", stored: -521, restored: -521 },
    { name: "the last byte of the file is a target", stored: 4999, restored: 4999 - 520 },
    { name: "a target past the file stays", stored: 5000, restored: 5000 },
  ])("$name", ({ stored, restored }) => {
    const bytes = frame([20, stored]);
    undoX86Filter(bytes, 500, 5000);
    expect(bytes).toEqual(frame([20, restored]));
  });

  test("the last ten bytes of a frame have none", () => {
    const inTail = frame([54, 30]);
    undoX86Filter(inTail, 0, 5000);
    expect(inTail).toEqual(frame([54, 30]));
    const before = frame([53, 30]);
    undoX86Filter(before, 0, 5000);
    expect(before).toEqual(frame([53, 30 - 53]));
  });

  test("a frame of ten bytes or fewer has none", () => {
    const bytes = Uint8Array.of(0xe8, 1, 0, 0, 0, 0xe8, 1, 0, 0);
    undoX86Filter(bytes, 100, 5000);
    expect(bytes).toEqual(Uint8Array.of(0xe8, 1, 0, 0, 0, 0xe8, 1, 0, 0));
  });

  test("a target is no opcode of a further call", () => {
    const bytes = frame([10, 0xe8], [15, 100]);
    undoX86Filter(bytes, 0, 5000);
    expect(bytes).toEqual(frame([10, 0xe8 - 10], [15, 100 - 15]));
  });

  test("matches repeat what was not translated", () => {
    const content = new Uint8Array(70_000);
    const view = new DataView(content.buffer);
    for (let at = 0; at < content.length - 10; at += 100) {
      content[at] = 0xe8;
      view.setInt32(at + 1, 50_000 - at, true);
    }
    const blocks = lzx({ filterSize: 12_000_000 }).encode(content);
    expect(blocks.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(600);
    expect(decode(blocks).equals(content)).toBe(true);
  });
});
