import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMszipDecoder } from "../../../src/package/cab/mszip/index.ts";
import { type LabBlock, mszip } from "../../lab/cab.ts";

const BLOCK_SIZE = 32_768;
const corrupt = (says: string) =>
  expect.objectContaining({ code: "MSZIP_CORRUPT", message: expect.stringContaining(says) });

function decode(blocks: readonly LabBlock[]): Buffer {
  const decoder = createMszipDecoder();
  return Buffer.concat(
    blocks.map(({ data, outputSize }) => Uint8Array.from(decoder.decode(data, outputSize))),
  );
}

function block(content: Uint8Array, dictionary?: Uint8Array): LabBlock {
  const packed = deflateRawSync(content, dictionary === undefined ? {} : { dictionary });
  return { data: Buffer.concat([Buffer.from("CK"), packed]), outputSize: content.length };
}

const numbers = (count: number, first = 0) =>
  Buffer.from(Array.from({ length: count }, (_, index) => `${(first + index) ** 2} `).join(""));

describe("MSZIP", () => {
  test("expands what this project did not encode", () => {
    const data = Buffer.from("434bcb48cdc9c9e7e5ca18a568410100", "hex");
    const content = Buffer.from("hello\r\n".repeat(50));
    expect(decode([{ data, outputSize: content.length }]).equals(content)).toBe(true);
  });

  test("expands what was encoded", () => {
    const sizes = fc.integer({ min: 0, max: 3 * BLOCK_SIZE });
    fc.assert(
      fc.property(sizes, fc.nat(1000), (size, first) => {
        const content = numbers(20_000, first).subarray(0, size);
        expect(decode(mszip.encode(content)).equals(content)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("repeats what comes from the block before", () => {
    const content = numbers(5000).subarray(0, BLOCK_SIZE);
    const [first, again] = mszip.encode(Buffer.concat([content, content.subarray(2000)]));
    if (first === undefined || again === undefined) throw new Error("there are two blocks");
    expect(again.data.length).toBeLessThan(first.data.length / 10);
    expect(decode([first, again]).equals(Buffer.concat([content, content.subarray(2000)]))).toBe(true);
  });

  test("repeats what comes from several short blocks", () => {
    const pieces = [numbers(1000), numbers(1000, 5000), numbers(1000), numbers(5000).subarray(0, 30_000)];
    const all = Buffer.concat(pieces);
    let at = 0;
    const blocks = pieces.map((piece) => {
      const before = all.subarray(Math.max(0, at - BLOCK_SIZE), at);
      at += piece.length;
      return block(piece, before.length === 0 ? undefined : before);
    });
    expect(decode(blocks).equals(all)).toBe(true);
  });

  test("passes over bytes behind the end of the stream, as cabextract and 7-Zip do", () => {
    const { data, outputSize } = block(numbers(100));
    const longer = Buffer.concat([data, Buffer.from("CK and so on")]);
    expect(decode([{ data: longer, outputSize }]).equals(numbers(100))).toBe(true);
  });

  test.each([
    { what: "no data", says: "does not begin with CK", data: Buffer.alloc(0) },
    { what: "another signature", says: "does not begin with CK", data: Buffer.from("CL123456") },
    { what: "nothing but the signature", says: "unexpected end of file", data: Buffer.from("CK") },
    {
      what: "a stream cut short",
      says: "unexpected end of file",
      data: block(numbers(20)).data.subarray(0, -3),
    },
    {
      what: "a block of a type that does not exist",
      says: "invalid block type",
      data: Buffer.from("CK\x07"),
    },
    {
      what: "a stored block without end",
      says: "unexpected end of file",
      data: Buffer.from("CK\0\0\0\xff\xff", "latin1"),
    },
    {
      what: "a match before the first byte",
      says: "too far back",
      data: block(numbers(100), numbers(100)).data,
    },
    { what: "too few bytes", says: "expands to 99 bytes instead of 100", data: block(Buffer.alloc(99)).data },
    {
      what: "one byte too many",
      says: "expands to 101 bytes instead of 100",
      data: block(Buffer.alloc(101)).data,
    },
    { what: "a bomb", says: "expands to more than 100 bytes", data: block(Buffer.alloc(1_000_000)).data },
  ])("$what is MSZIP_CORRUPT", ({ data, says }) => {
    expect(() => createMszipDecoder().decode(data, 100)).toThrow(corrupt(says));
  });

  test("what a block gave does not change with the next one", () => {
    const decoder = createMszipDecoder();
    const [first, second] = mszip.encode(numbers(9000).subarray(0, 2 * BLOCK_SIZE));
    if (first === undefined || second === undefined) throw new Error("there are two blocks");
    const given = decoder.decode(first.data, BLOCK_SIZE);
    const copy = Buffer.from(given);
    decoder.decode(second.data, BLOCK_SIZE);
    expect(copy.equals(given)).toBe(true);
  });
});
