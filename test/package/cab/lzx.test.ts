import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { undoX86Filter } from "../../../src/bytes/lzx/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { createLzxDecoder } from "../../../src/package/cab/lzx/index.ts";
import type { LabBlock } from "../../lab/cab.ts";
import { writeLengths } from "../../lab/lzx/lengths.ts";
import { type LabLzxOptions, LzxBitWriter, lzx } from "../../lab/lzx.ts";

const FRAME_SIZE = 32_768;
const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const corrupt = (says: string) =>
  expect.objectContaining({ code: "LZX_CORRUPT", message: expect.stringContaining(says) });

function decode(blocks: readonly LabBlock[], windowBits = 15): Buffer {
  const decoder = createLzxDecoder(windowBits);
  return Buffer.concat(
    blocks.map(({ data, outputSize }) => Uint8Array.from(decoder.decode(data, outputSize))),
  );
}

function roundTrip(content: Uint8Array, options: LabLzxOptions): boolean {
  return decode(lzx(options).encode(content), options.windowBits).equals(content);
}

/** Pieces that come again, near and far, with noise and calls in between; the same for the same seed. */
function mixture(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let at = 0; at < sizeBytes; ) {
    const length = 1 + next(next(8) === 0 ? 600 : 20);
    const from = next(3) === 0 ? -1 : next(at + 1) - 1;
    if (next(5) === 0) bytes.set([0xe8, next(256), next(256), 0, 0].slice(0, sizeBytes - at), at);
    for (const end = Math.min(sizeBytes, at + length); at < end; at++) {
      bytes[at] = from < 0 ? next(256) : (bytes[from + (at % length)] as number);
    }
  }
  return bytes;
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
    const bytes = frame([53, 30], [54, 30]);
    const inTail = frame([54, 30]);
    undoX86Filter(inTail, 0, 5000);
    expect(inTail).toEqual(frame([54, 30]));
    const before = frame([53, 30]);
    undoX86Filter(before, 0, 5000);
    expect(before).toEqual(frame([53, 30 - 53]));
    expect(bytes).not.toEqual(before);
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

/** A frame that `write` fills after the bit that says that no calls are translated. */
function frameOf(write: (writer: LzxBitWriter) => void): Uint8Array {
  const writer = new LzxBitWriter();
  writer.bits(0, 1);
  write(writer);
  return writer.take();
}

function header(writer: LzxBitWriter, kind: number, sizeBytes: number): void {
  writer.bits(kind, 3);
  writer.bits(sizeBytes >> 8, 16);
  writer.bits(sizeBytes, 8);
}

/** Codes with these lengths for a window of 2^15 bytes; symbols that are not named have none. */
function codes(
  writer: LzxBitWriter,
  main: Record<number, number>,
  length: Record<number, number> = {},
  before: Record<number, number> = {},
): void {
  const fill = (count: number, own: Record<number, number>) =>
    Uint8Array.from({ length: count }, (_, symbol) => own[symbol] ?? 0);
  const mainLengths = fill(496, main);
  writeLengths(writer, mainLengths, fill(496, before), 0, 256);
  writeLengths(writer, mainLengths, fill(496, before), 256, 496);
  writeLengths(writer, fill(249, length), new Uint8Array(249), 0, 249);
}

/** A pretree of these lengths. */
function pretree(writer: LzxBitWriter, own: Record<number, number>): void {
  for (let symbol = 0; symbol < 20; symbol++) writer.bits(own[symbol] ?? 0, 4);
}

describe("damage", () => {
  const store = (distances: readonly number[], bytes: Uint8Array) =>
    frameOf((writer) => {
      header(writer, 3, bytes.length);
      writer.align();
      writer.raw(new Uint8Array(Uint32Array.from(distances).buffer));
      writer.raw(bytes);
    });

  test.each<{ what: string; says: string; data: Uint8Array }>([
    ...[0, 4, 5, 6, 7].map((kind) => ({
      what: `a block of kind ${kind}`,
      says: `no block of kind ${kind}`,
      data: frameOf((writer) => header(writer, kind, 100)),
    })),
    { what: "no data at all", says: "ends too early", data: new Uint8Array(0) },
    { what: "half a word", says: "ends too early", data: hex("00") },
    {
      what: "a pretree without codewords",
      says: "the pretree code has no codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        writer.bits(0, 16);
        for (let word = 0; word < 5; word++) writer.bits(0, 16);
      }),
    },
    {
      what: "a pretree of one codeword",
      says: "the pretree code has too few codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        pretree(writer, { 0: 1 });
      }),
    },
    {
      what: "a pretree of three codewords of one bit",
      says: "the pretree code has too many codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        pretree(writer, { 0: 1, 1: 1, 2: 1 });
      }),
    },
    {
      what: "a run of lengths past the last one",
      says: "a run of codeword lengths is too long",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        pretree(writer, { 0: 1, 18: 1 });
        for (let run = 0; run < 6; run++) writer.bits(0b1_11111, 6);
      }),
    },
    {
      what: "a run made of a run",
      says: "made of another run",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        pretree(writer, { 18: 1, 19: 1 });
        writer.bits(0b1_0_0, 3);
      }),
    },
    {
      what: "no main codewords",
      says: "the main code has no codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, {});
      }),
    },
    {
      what: "one main codeword",
      says: "the main code has too few codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, { 65: 1 });
      }),
    },
    {
      what: "too few length codewords",
      says: "the length code has too few codewords",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, { 65: 1, 66: 1 }, { 0: 2 });
      }),
    },
    {
      what: "an aligned code without codewords",
      says: "the aligned code has no codewords",
      data: frameOf((writer) => {
        header(writer, 2, 100);
        writer.bits(0, 16);
        writer.bits(0, 8);
      }),
    },
    {
      what: "a long match where no length has a codeword",
      says: "no length has a codeword",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, { 65: 1, [256 + 7]: 1 });
        writer.bits(0b01, 2);
      }),
    },
    {
      what: "a match before the first byte",
      says: "begins before the first byte",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, { 65: 1, [256 + 3 * 8]: 1 });
        writer.bits(0b1, 1);
      }),
    },
    {
      what: "a match past the end of its block",
      says: "does not end where its block",
      data: frameOf((writer) => {
        header(writer, 1, 2);
        codes(writer, { 65: 1, [256 + 0]: 1 });
        writer.bits(0b01, 2);
      }),
    },
    {
      what: "a match past the end of the frame",
      says: "does not end where its block",
      data: frameOf((writer) => {
        header(writer, 1, 1000);
        codes(writer, { 65: 1, [256 + 6]: 1 });
        writer.bits(0, 16);
        for (let match = 0; match < 15; match++) writer.bits(1, 1);
      }),
    },
    {
      what: "symbols that go on past the end",
      says: "ends too early",
      data: frameOf((writer) => {
        header(writer, 1, 100);
        codes(writer, { 65: 1, 66: 1 });
      }),
    },
    {
      what: "nothing but empty blocks",
      says: "only empty blocks",
      data: frameOf((writer) => {
        for (let block = 0; block < 20; block++) {
          header(writer, 1, 0);
          codes(writer, { 65: 1, 66: 1 }, {}, block === 0 ? {} : { 65: 1, 66: 1 });
        }
      }),
    },
    { what: "a distance of 0", says: "a distance to 0", data: store([1, 0, 1], new Uint8Array(100)) },
    {
      what: "a distance beyond the window",
      says: "a distance to 32769",
      data: store([1, 1, 32_769], new Uint8Array(100)),
    },
    {
      what: "raw bytes that end early",
      says: "ends too early",
      data: store([1, 1, 1], new Uint8Array(50)).subarray(0, 40),
    },
    { what: "raw bytes left over", says: "are left over", data: store([1, 1, 1], new Uint8Array(102)) },
    { what: "more than a block can have", says: "a block has 65536 bytes", data: new Uint8Array(65_536) },
  ])("$what is LZX_CORRUPT", ({ data, says }) => {
    expect(() => createLzxDecoder(15).decode(data, 100)).toThrow(corrupt(says));
  });

  test.each([1, 2, 4])("%i spare bytes behind a frame are LZX_CORRUPT", (count) => {
    const [block] = lzx().encode(mixture(FRAME_SIZE, 5));
    const data = Buffer.concat([block?.data ?? hex(""), new Uint8Array(count)]);
    expect(() => createLzxDecoder(15).decode(data, FRAME_SIZE)).toThrow(
      corrupt(`${count} bytes are left over`),
    );
  });

  test("a block after a short one is LZX_CORRUPT", () => {
    const decoder = createLzxDecoder(15);
    const [block] = lzx().encode(hex("616263"));
    expect(Buffer.from(decoder.decode(block?.data ?? hex(""), 3)).toString()).toBe("abc");
    expect(() => decoder.decode(block?.data ?? hex(""), 3)).toThrow(corrupt("follows one that was short"));
  });

  test("a block after a damaged one is LZX_CORRUPT, for its matches would repeat what is not there", () => {
    const decoder = createLzxDecoder(15);
    const [first, second] = lzx().encode(mixture(2 * FRAME_SIZE, 9));
    expect(() => decoder.decode(first?.data.subarray(0, 100) ?? hex(""), FRAME_SIZE)).toThrow(corrupt(""));
    expect(() => decoder.decode(second?.data ?? hex(""), FRAME_SIZE)).toThrow(corrupt("damaged"));
  });

  test("more blocks than were announced are LZX_CORRUPT", () => {
    const decoder = createLzxDecoder(21, FRAME_SIZE);
    const [first, second] = lzx({ windowBits: 21 }).encode(mixture(2 * FRAME_SIZE, 9));
    decoder.decode(first?.data ?? hex(""), FRAME_SIZE);
    expect(() => decoder.decode(second?.data ?? hex(""), FRAME_SIZE)).toThrow(corrupt("more blocks"));
  });

  test.each([14, 22])("there is no window of 2^%i bytes", (windowBits) => {
    expect(() => createLzxDecoder(windowBits)).toThrow(RangeError);
  });

  test("whatever byte is changed, a frame expands to its size or is LZX_CORRUPT", () => {
    const options = { kinds: ["verbatim", "aligned", "uncompressed"] as const, blockSizes: [3000] };
    const blocks = lzx({ ...options, filterSize: 12_000_000 }).encode(mixture(FRAME_SIZE + 9000, 11));
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(1), (place, change, index) => {
        const decoder = createLzxDecoder(15);
        const [first, second] = blocks.map(({ data, outputSize }) => ({
          data: Uint8Array.from(data),
          outputSize,
        }));
        if (first === undefined || second === undefined) throw new Error("there are two frames");
        const { data } = index === 0 ? first : second;
        data[place % data.length] = (data[place % data.length] as number) ^ change;
        try {
          expect(decoder.decode(first.data, first.outputSize).length).toBe(first.outputSize);
          expect(decoder.decode(second.data, second.outputSize).length).toBe(second.outputSize);
        } catch (error) {
          if (!(error instanceof VmguestError)) throw error;
          expect(error.code).toBe("LZX_CORRUPT");
        }
      }),
      { numRuns: 400 },
    );
  });
});
