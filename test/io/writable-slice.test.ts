import { describe, expect, test } from "vitest";
import { MemorySource, Overlay, readBytes, WritableSlice } from "../../src/io/index.ts";

const OFFSET = 5000;
const SIZE = 3000;
const original = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);

function openSlice() {
  const overlay = new Overlay(new MemorySource(original));
  return { overlay, slice: new WritableSlice(overlay, OFFSET, SIZE) };
}

describe("a writable slice", () => {
  test("says where it begins, and how long it is", () => {
    expect(openSlice().slice).toMatchObject({ offset: OFFSET, sizeBytes: SIZE });
  });

  test("puts what is written to it into its source, at the same place and in the same phase", () => {
    const { overlay, slice } = openSlice();
    slice.write(SIZE - 4, Uint8Array.of(1, 2, 3, 4), "records");
    const expected = Buffer.from(original);
    expected.set([1, 2, 3, 4], OFFSET + SIZE - 4);
    expect(Buffer.from(readBytes(overlay, 0, overlay.sizeBytes))).toEqual(expected);
    expect(Buffer.from(readBytes(slice, 0, SIZE))).toEqual(expected.subarray(OFFSET, OFFSET + SIZE));
    expect(overlay.changes()).toMatchObject([{ phase: "records", changes: [{ offset: 4096 }] }]);
  });

  test.each([
    { title: "past its end", offset: SIZE - 3 },
    { title: "before its beginning", offset: -1 },
  ])("refuses what reaches $title, though its source goes on there", ({ offset }) => {
    const { overlay, slice } = openSlice();
    expect(() => slice.write(offset, new Uint8Array(4), "data")).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
    expect(overlay.changes()).toEqual([]);
  });

  test("cannot be longer than its source", () => {
    const overlay = new Overlay(new MemorySource(original));
    expect(() => new WritableSlice(overlay, 9000, 1001)).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
  });
});
