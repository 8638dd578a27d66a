import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decompressLzx } from "../../../../src/fs/ntfs/wof/lzx.ts";
import { decompressXpress } from "../../../../src/fs/ntfs/wof/xpress.ts";
import { BitWriter, codewords } from "../../../lab/ntfs/huffman.ts";
import { compressLzx, type LzxBlockKind } from "../../../lab/ntfs/lzx.ts";
import { concat } from "../../../lab/ntfs/records.ts";
import { compressXpress } from "../../../lab/ntfs/xpress.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const T40 = Buffer.from(Array.from({ length: 40 }, (_, line) => `line ${line} of text\r\n`).join(""));
const damaged = (says: RegExp) =>
  expect.objectContaining({ code: "WOF_CHUNK", message: expect.stringMatching(says) });

/** Bytes that compress a little, a lot, or not at all. */
const content = (maxLength: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength }),
    fc
      .array(fc.constantFrom(0x61, 0x62, 0xe8, 0x00), { minLength: 1, maxLength })
      .map((bytes) => Uint8Array.from(bytes)),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: maxLength }))
      .map(([piece, length]) => Uint8Array.from({ length }, (_, at) => piece[at % piece.length] as number)),
  );

describe("chunks that libwim made", () => {
  /** The 256 bytes of a table of which only some are not zero. */
  const table = (bytes: Record<number, number>) =>
    Uint8Array.from({ length: 256 }, (_, at) => bytes[at] ?? 0);

  test("XPRESS of one letter", () => {
    const chunk = concat([table({ 32: 0x10, 128: 0x02, 135: 0x20 }), hex("00380000fffb0f")]);
    expect(decompressXpress(chunk, 4096)).toEqual(new Uint8Array(4096).fill(0x41));
  });

  test("XPRESS of text", () => {
    const lengths =
      "5:06 6:60 16:05 24:55 25:45 26:55 27:55 28:65 50:50 51:06 52:60 54:05 55:66 58:05 60:06 128:06 160:60 166:24 188:06 190:50 191:06 199:05";
    const bytes = Object.fromEntries(
      lengths
        .split(" ")
        .map((pair) => pair.split(":"))
        .map(([at, value]) => [Number(at), Number(`0x${value}`)]),
    );
    const stream =
      "1cb78dd55b67f5b2faee6fe9ca41500f084545284a42501386a221d817faf002185010030c64a0c1543883f6c794808218c020830d66c20168a4072ee83e010c328860061fd078950000";
    const text = decompressXpress(concat([table(bytes), hex(stream)]), T40.length);
    expect(createHash("sha256").update(text).digest("hex")).toBe(
      "826710b773e1260390496666d1d8b7134539a3b2cfa985a786fcaefc15fd39a7",
    );
  });

  test("LZX of text", () => {
    const chunk = hex(
      "292000e20000020004303300c84aa53777b63a7e04f1b4200e20fefe006800000100000011016f04c8f8670ff7ff00100000000001000898ab56df77f47df3787ceb613bc6efef1c9ef338bdb1fad771cd93f5e83e7b1eef8fdf1412ccc8d4d0fed810b221844208a5104a29945240a5",
    );
    expect(Buffer.from(decompressLzx(chunk, T40.length))).toEqual(T40);
  });

  test("LZX of one letter", () => {
    const chunk = hex(
      "00300000000000002102fa077d9f40f4000000000000080033847d9fc8f700000000000000001022ff7ddf276f1effffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80ff",
    );
    expect(decompressLzx(chunk, 32_768)).toEqual(new Uint8Array(32_768).fill(0x41));
  });

  test("LZX of x86 calls", () => {
    const nops = new Uint8Array(20).fill(0x90);
    const plain = concat([nops, hex("e800100000"), nops, hex("e8e0ffffff"), nops, nops]);
    const chunk = hex(
      "052000a20000000024003240d00f0382fc7ebf1e8641006000000000400641043dbafb32fb05d3f7000000000000030010326b9befbbfdbeed4b05cb47370030",
    );
    expect(decompressLzx(chunk, plain.length)).toEqual(plain);
  });
});

describe("decompressing is the opposite of compressing", () => {
  test("for XPRESS", () => {
    fc.assert(
      fc.property(content(6000), (bytes) => {
        expect(decompressXpress(compressXpress(bytes), bytes.length)).toEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  test("for LZX, in blocks of every kind", () => {
    const kind = fc.constantFrom<LzxBlockKind>("verbatim", "aligned", "uncompressed");
    fc.assert(
      fc.property(
        content(6000),
        fc.array(kind, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 300, max: 7000 }),
        (bytes, kinds, blockSizeBytes) => {
          const packed = compressLzx(bytes, { kinds, blockSizeBytes });
          expect(decompressLzx(packed, bytes.length)).toEqual(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("for a whole LZX chunk, whose size is one bit", () => {
    const bytes = Uint8Array.from({ length: 32_768 }, (_, at) => (at * at) >> 7);
    for (const kind of ["verbatim", "aligned", "uncompressed"] as const) {
      expect(decompressLzx(compressLzx(bytes, { kinds: [kind] }), bytes.length)).toEqual(bytes);
    }
  });
});

describe("a damaged chunk is WOF_CHUNK:", () => {
  /** An XPRESS chunk with these lengths of codewords and these bytes behind the table. */
  const xpress = (lengths: Record<number, number>, stream: Uint8Array = new Uint8Array(8)) => {
    const table = Uint8Array.from(
      { length: 256 },
      (_, at) => (lengths[at * 2] ?? 0) + (lengths[at * 2 + 1] ?? 0) * 16,
    );
    return concat([table, stream]);
  };
  /** The bits of `write`, which may use the canonical code of `lengths`. */
  const stream = (lengths: Record<number, number>, symbols: number[], rest: [number, number][] = []) => {
    const words = codewords(Uint8Array.from({ length: 512 }, (_, symbol) => lengths[symbol] ?? 0));
    const writer = new BitWriter();
    for (const symbol of symbols) writer.symbol(words, symbol);
    for (const [value, count] of rest) writer.bits(value, count);
    return writer.finish();
  };
  const PAIR = { 65: 1, 256: 1 };
  const LONG = { 65: 1, 271: 1 };

  test.each([
    { what: "no table", chunk: new Uint8Array(255), says: /too few for a Huffman table/ },
    { what: "a table without codewords", chunk: xpress({}), says: /no codewords/ },
    { what: "one codeword, which leaves patterns over", chunk: xpress({ 65: 1 }), says: /too few codewords/ },
    { what: "a code with a gap", chunk: xpress({ 65: 2, 66: 2, 67: 2 }), says: /too few codewords/ },
    {
      what: "three codewords of one bit",
      chunk: xpress({ 65: 1, 66: 1, 67: 1 }),
      says: /too many codewords/,
    },
    {
      what: "a match before any byte",
      chunk: xpress(PAIR, stream(PAIR, [256])),
      says: /1 bytes back, after 0/,
    },
    {
      what: "a match that goes back too far",
      chunk: xpress({ 65: 1, 320: 1 }, stream({ 65: 1, 320: 1 }, [65, 320], [[3, 4]])),
      says: /19 bytes back, after 1/,
    },
    {
      what: "a match longer than the chunk",
      chunk: xpress(LONG, concat([stream(LONG, [65, 271]), hex("0000ff0040")])),
      says: /beyond its place/,
    },
    {
      what: "a long length that is short",
      chunk: xpress(LONG, concat([stream(LONG, [65, 271]), hex("0000ff0e00")])),
      says: /though it is 14/,
    },
    {
      what: "a length that is cut off",
      chunk: xpress(LONG, concat([stream(LONG, [65, 271]), hex("0000ff")])),
      says: /too early/,
    },
    { what: "bits that are cut off", chunk: xpress({ 65: 1, 66: 1 }, hex("0000")), says: /too early/ },
  ])("XPRESS with $what", ({ chunk, says }) => {
    expect(() => decompressXpress(chunk, 100)).toThrow(damaged(says));
  });

  /** An LZX chunk of these bits: values with their counts. */
  const lzx = (...bits: [number, number][]) => {
    const writer = new BitWriter();
    for (const [value, count] of bits) writer.bits(value, count);
    return writer.finish();
  };
  const VERBATIM: [number, number][] = [
    [1, 3],
    [100, 17],
  ];
  /** A pretree of two symbols of one bit. */
  const pretree = (one: number, other: number): [number, number][] =>
    Array.from({ length: 20 }, (_, symbol) => [symbol === one || symbol === other ? 1 : 0, 4]);

  test.each([
    { what: "a block of kind 0", chunk: lzx([0, 3], [100, 17]), says: /no block of kind 0/ },
    { what: "a block of kind 7", chunk: lzx([7, 3], [100, 17]), says: /no block of kind 7/ },
    { what: "an empty block", chunk: lzx([1, 3], [0, 17]), says: /block of 0 bytes/ },
    { what: "a block beyond the chunk", chunk: lzx([1, 3], [101, 17]), says: /block of 101 bytes/ },
    {
      what: "a block of the usual size in a shorter chunk",
      chunk: lzx([1, 3], [1, 1]),
      says: /block of 32768 bytes/,
    },
    { what: "a pretree without codewords", chunk: lzx(...VERBATIM, [0, 80]), says: /no codewords/ },
    {
      what: "a pretree with one codeword",
      chunk: lzx(...VERBATIM, [1, 4], [0, 76]),
      says: /pretree code has too few/,
    },
    {
      what: "an aligned code with a gap",
      chunk: lzx([2, 3], [100, 17], [1, 3], [0, 21]),
      says: /aligned code has too few/,
    },
    {
      what: "a run past the last length",
      chunk: lzx(...VERBATIM, ...pretree(0, 18), ...Array(9).fill([63, 6])),
      says: /run of codeword lengths is too long/,
    },
    {
      what: "a run of a run",
      chunk: lzx(...VERBATIM, ...pretree(18, 19), [1, 1], [0, 1], [0, 1]),
      says: /made of another run/,
    },
    {
      what: "a main code of one codeword",
      chunk: lzx(...VERBATIM, ...pretree(0, 16), [1, 1], [0, 255], ...pretree(0, 1), [0, 240]),
      says: /main code has too few/,
    },
    {
      what: "a stored block with a distance of 0",
      chunk: concat([lzx([3, 3], [100, 17]), new Uint8Array(112)]),
      says: /distance to 0/,
    },
    {
      what: "a stored block that is cut off",
      chunk: concat([lzx([3, 3], [100, 17]), new Uint8Array(50).fill(1)]),
      says: /too early/,
    },
    { what: "nothing at all", chunk: new Uint8Array(0), says: /no block of kind 0|block of 0 bytes/ },
  ])("LZX with $what", ({ chunk, says }) => {
    expect(() => decompressLzx(chunk, 100)).toThrow(damaged(says));
  });

  test.each([
    { codec: "XPRESS", packed: compressXpress(T40), expand: decompressXpress },
    { codec: "LZX", packed: compressLzx(T40), expand: decompressLzx },
  ])(
    "$codec in which any bits were changed gives as many bytes as it should, or WOF_CHUNK",
    ({ packed, expand }) => {
      const at = fc.integer({ min: 0, max: packed.length - 1 });
      fc.assert(
        fc.property(
          fc.array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
          (changes) => {
            const bytes = packed.slice();
            for (const [where, mask] of changes) bytes[where] = (bytes[where] as number) ^ mask;
            try {
              expect(expand(bytes, T40.length)).toHaveLength(T40.length);
            } catch (error) {
              expect(error).toMatchObject({ code: "WOF_CHUNK" });
            }
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  test.each([
    { codec: "XPRESS", packed: compressXpress(T40), expand: decompressXpress },
    { codec: "LZX", packed: compressLzx(T40), expand: decompressLzx },
  ])("$codec that ends anywhere before its end is WOF_CHUNK", ({ packed, expand }) => {
    for (let length = 0; length < packed.length; length++) {
      expect(() => expand(packed.subarray(0, length), T40.length)).toThrow(damaged(/./));
    }
  });
});
