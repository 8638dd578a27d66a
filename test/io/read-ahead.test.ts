import fc from "fast-check";
import { expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { type ByteSource, MemorySource, ReadAhead, readBytes } from "../../src/io/index.ts";

const BYTES = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) % 251);
const OPTIONS = { pageSizeBytes: 1024, capacityBytes: 4096 };

/** A source that cannot be read at one place. */
const damaged: ByteSource = {
  sizeBytes: BYTES.length,
  read(offset, length) {
    if (offset <= 2000 && offset + length > 2000) throw new VmguestError("NTFS_COMPRESSION", "is damaged");
    return new MemorySource(BYTES).read(offset, length);
  },
};

test("what is read ahead is what the source gives", () => {
  const source = new ReadAhead(new MemorySource(BYTES), OPTIONS);
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(3000), (offset, wanted) => {
      const length = Math.min(wanted, BYTES.length - offset);
      expect(readBytes(source, offset, length)).toEqual(BYTES.subarray(offset, offset + length));
    }),
  );
});

test("damage keeps nothing from being read but what it is in", () => {
  const source = new ReadAhead(damaged, OPTIONS);
  expect(readBytes(source, 1990, 10)).toEqual(BYTES.subarray(1990, 2000));
  expect(() => source.read(1990, 11)).toThrow("is damaged");
  expect(() => source.read(4999, 2)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
});
