import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { createLzxDecoder } from "../../../src/package/cab/lzx/index.ts";
import { writeLengths } from "../../lab/lzx/lengths.ts";
import { LzxBitWriter, lzx } from "../../lab/lzx.ts";
import { FRAME_SIZE, mixture } from "./lzx-content.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const corrupt = (says: string) =>
  expect.objectContaining({ code: "LZX_CORRUPT", message: expect.stringContaining(says) });

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
