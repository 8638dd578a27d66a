import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource, Overlay, PHASES, type Phase, readBytes } from "../../src/io/index.ts";

const SIZE = 3 * 4096 + 100;
const original = Uint8Array.from({ length: SIZE }, (_, index) => index % 251);
const contentOf = (overlay: Overlay) => Buffer.from(readBytes(overlay, 0, overlay.sizeBytes));

/** The source after the changes of all phases up to `phase` were written to it. */
function replay(overlay: Overlay, phase: Phase): Buffer {
  const bytes = Buffer.from(original);
  for (const { phase: one, changes } of overlay.changes()) {
    if (PHASES.indexOf(one) > PHASES.indexOf(phase)) break;
    for (const change of changes) bytes.set(change.bytes, change.offset);
  }
  return bytes;
}

const writes = fc.array(
  fc.record({
    offset: fc.nat(SIZE - 1),
    length: fc.integer({ min: 1, max: 5000 }),
    value: fc.nat(255),
    phase: fc.constantFrom(...PHASES),
  }),
  { maxLength: 30 },
);

describe("an overlay", () => {
  test("reads as the source where nothing was written, and never changes it", () => {
    const base = new MemorySource(Buffer.from(original));
    const overlay = new Overlay(base);
    expect(contentOf(overlay)).toEqual(Buffer.from(original));
    overlay.write(4000, new Uint8Array(300).fill(1), "data");
    expect(contentOf(overlay).subarray(4000, 4300)).toEqual(Buffer.alloc(300, 1));
    expect(Buffer.from(readBytes(base, 0, SIZE))).toEqual(Buffer.from(original));
  });

  test("refuses what reaches past the end", () => {
    const overlay = new Overlay(new MemorySource(original));
    expect(() => overlay.write(SIZE - 1, new Uint8Array(2), "data")).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
    expect(overlay.changes()).toEqual([]);
  });

  test("gives a page that two phases change in both, and the later part in the later one only", () => {
    const overlay = new Overlay(new MemorySource(original));
    overlay.write(10, Uint8Array.of(0xaa), "index");
    overlay.write(20, Uint8Array.of(0xbb), "records");
    const [records, index] = overlay.changes();
    expect(records).toMatchObject({ phase: "records", changes: [{ offset: 0 }] });
    expect([records?.changes[0]?.bytes[10], records?.changes[0]?.bytes[20]]).toEqual([10, 0xbb]);
    expect([index?.changes[0]?.bytes[10], index?.changes[0]?.bytes[20]]).toEqual([0xaa, 0xbb]);
  });

  test("keeps what is written after a fence behind all that was written before it, whatever the phases", () => {
    const overlay = new Overlay(new MemorySource(original));
    overlay.write(10, Uint8Array.of(0xaa), "release");
    overlay.fence();
    overlay.write(9, Uint8Array.of(0xbb, 0xcc), "data");
    overlay.write(5000, Uint8Array.of(1), "records");
    expect(
      overlay
        .changes()
        .map(({ round, phase, changes }) => [round, phase, ...changes.map(({ bytes }) => bytes[10])]),
    ).toEqual([
      [0, "release", 0xaa],
      [1, "data", 0xcc],
      [1, "records", original[4106]],
    ]);
  });

  test("gives every state that rounds of random writes went through, in order", () => {
    fc.assert(
      fc.property(fc.array(writes, { minLength: 1, maxLength: 4 }), (rounds) => {
        const overlay = new Overlay(new MemorySource(original));
        const states = rounds.map((some) => {
          for (const { offset, length, value, phase } of some) {
            const bytes = new Uint8Array(Math.min(length, SIZE - offset)).fill(value);
            overlay.write(offset, bytes, phase);
          }
          const state = contentOf(overlay);
          overlay.fence();
          return state;
        });
        const all = overlay.changes();
        for (const [round, state] of states.entries()) {
          const bytes = Buffer.from(original);
          for (const one of all.filter((phase) => phase.round <= round)) {
            for (const change of one.changes) bytes.set(change.bytes, change.offset);
          }
          expect(bytes.equals(state)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("moves a change that overlaps one of a later phase to that phase", () => {
    const overlay = new Overlay(new MemorySource(original));
    overlay.write(4090, new Uint8Array(20).fill(1), "index");
    overlay.write(4000, new Uint8Array(100).fill(2), "records");
    expect(overlay.changes().map(({ phase }) => phase)).toEqual(["index"]);
  });

  test("leaves out what was written as it had been", () => {
    const overlay = new Overlay(new MemorySource(original));
    overlay.write(5, original.subarray(5, 50), "data");
    expect(overlay.changes()).toEqual([]);
  });

  test("gives at last what a plain copy would hold, whatever was written in whichever order", () => {
    fc.assert(
      fc.property(writes, (all) => {
        const overlay = new Overlay(new MemorySource(original));
        const plain = Buffer.from(original);
        for (const { offset, length, value, phase } of all) {
          const bytes = new Uint8Array(Math.min(length, SIZE - offset)).fill(value);
          overlay.write(offset, bytes, phase);
          plain.set(bytes, offset);
          expect(Buffer.compare(readBytes(overlay, offset, bytes.length), bytes)).toBe(0);
        }
        expect(contentOf(overlay).equals(plain)).toBe(true);
        expect(replay(overlay, PHASES.at(-1) ?? "release").equals(plain)).toBe(true);
      }),
    );
  });

  test("shows no byte of a write before its phase", () => {
    fc.assert(
      fc.property(writes, (all) => {
        const overlay = new Overlay(new MemorySource(original));
        const firstPhase = new Array<number>(SIZE).fill(PHASES.length);
        for (const { offset, length, value, phase } of all) {
          const bytes = new Uint8Array(Math.min(length, SIZE - offset)).fill(value);
          overlay.write(offset, bytes, phase);
          for (let at = offset; at < offset + bytes.length; at++)
            firstPhase[at] = Math.min(firstPhase[at] ?? 0, PHASES.indexOf(phase));
        }
        for (const [number, phase] of PHASES.entries()) {
          const state = replay(overlay, phase);
          const early = firstPhase.findIndex((first, at) => first > number && state[at] !== original[at]);
          expect(early).toBe(-1);
        }
      }),
      { numRuns: 40 },
    );
  });
});
