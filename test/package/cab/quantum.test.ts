import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { createQuantumDecoder } from "../../../src/package/cab/quantum/index.ts";
import type { LabBlock } from "../../lab/cab.ts";
import { quantum } from "../../lab/quantum.ts";

const FRAME_SIZE = 32_768;
const corrupt = (says: string) =>
  expect.objectContaining({ code: "QUANTUM_CORRUPT", message: expect.stringContaining(says) });

function decode(blocks: readonly LabBlock[], windowBits: number): Buffer {
  const decoder = createQuantumDecoder(windowBits);
  return Buffer.concat(
    blocks.map(({ data, outputSize }) => Uint8Array.from(decoder.decode(data, outputSize))),
  );
}

const text = (sizeBytes: number, first = 0) =>
  Buffer.from(
    Array.from({ length: sizeBytes / 4 + 1 }, (_, index) => `${(first + index) ** 2}, `).join(""),
  ).subarray(0, sizeBytes);

describe("Quantum", () => {
  test.each([10, 11, 12, 15, 18, 21])("expands what was encoded for a window of 2^%i bytes", (windowBits) => {
    // Enough for the models to be halved and sorted, and for a smaller window to move.
    const content = Buffer.concat([text(50_000), Buffer.alloc(3000), text(30_000, 7)]);
    const blocks = quantum(windowBits).encode(content);
    expect(decode(blocks, windowBits).equals(content)).toBe(true);
    expect(blocks.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(content.length / 2);
  });

  test("expands every byte and every length of match", () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, at) => Math.imul(at * at + 1, 0x9e3779b1) >>> 24);
    const parts = Array.from({ length: 256 }, (_, length) => bytes.subarray(length, 2 * length + 3));
    const content = Buffer.concat([bytes, ...parts]);
    expect(decode(quantum(16).encode(content), 16).equals(content)).toBe(true);
  });

  test.each([
    { what: "no data", says: "ends too early", change: () => Buffer.alloc(0) },
    { what: "half of the data", says: "", change: (data: Uint8Array) => data.subarray(0, data.length / 2) },
    { what: "a match before the first byte", says: "has no place", change: () => Buffer.alloc(100, 0x11) },
  ])("$what is QUANTUM_CORRUPT", ({ change, says }) => {
    const [block] = quantum(15).encode(text(FRAME_SIZE));
    if (block === undefined) throw new Error("there is a block");
    expect(() => createQuantumDecoder(15).decode(change(block.data), FRAME_SIZE)).toThrow(corrupt(says));
  });

  test("a match past the end of its block is QUANTUM_CORRUPT", () => {
    const [block] = quantum(15).encode(Buffer.alloc(1000));
    if (block === undefined) throw new Error("there is a block");
    expect(() => createQuantumDecoder(15).decode(block.data, 999)).toThrow(corrupt("has no place"));
  });

  test("a block after a damaged one is QUANTUM_CORRUPT", () => {
    const decoder = createQuantumDecoder(15);
    expect(() => decoder.decode(Buffer.alloc(0), 10)).toThrow(corrupt("ends too early"));
    expect(() => decoder.decode(Buffer.alloc(9), 10)).toThrow(corrupt("follows one that was damaged"));
  });

  test("more blocks than were announced are QUANTUM_CORRUPT", () => {
    const decoder = createQuantumDecoder(21, FRAME_SIZE);
    const [first, second] = quantum(21).encode(text(2 * FRAME_SIZE));
    if (first === undefined || second === undefined) throw new Error("there are two blocks");
    decoder.decode(first.data, FRAME_SIZE);
    expect(() => decoder.decode(second.data, FRAME_SIZE)).toThrow(corrupt("more blocks"));
  });

  test.each([9, 22])("there is no window of 2^%i bytes", (windowBits) => {
    expect(() => createQuantumDecoder(windowBits)).toThrow(RangeError);
  });

  test("whatever byte is changed, a block expands to its size or is QUANTUM_CORRUPT", () => {
    const [block] = quantum(12).encode(text(5000));
    if (block === undefined) throw new Error("there is a block");
    fc.assert(
      fc.property(fc.nat(block.data.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const data = Uint8Array.from(block.data);
        data[place] = (data[place] as number) ^ change;
        try {
          expect(createQuantumDecoder(12).decode(data, 5000).length).toBe(5000);
        } catch (error) {
          if (!(error instanceof VmguestError)) throw error;
          expect(error.code).toBe("QUANTUM_CORRUPT");
        }
      }),
      { numRuns: 200 },
    );
  });
});
