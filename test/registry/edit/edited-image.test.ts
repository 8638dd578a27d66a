import { expect, test } from "vitest";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { EditedImage } from "../../../src/registry/edit/edited-image.ts";
import { BASE_BLOCK_SIZE } from "../../../src/registry/layout.ts";
import { buildHive } from "../../lab/hive.ts";

const bytes = buildHive({ Key: { Blob: new Uint8Array(9000).fill(1), Other: new Uint8Array(3000) } });
const same = (source: ByteSource, expected: Uint8Array, offset: number, length: number) =>
  Buffer.compare(readBytes(source, offset, length), expected.subarray(offset, offset + length)) === 0;

test("an image of a hive reads as the hive does, over the borders of bins and whichever are touched", () => {
  const image = new EditedImage(new MemorySource(bytes));
  const expected = bytes.slice();
  for (const touched of [undefined, 0, image.binOf(image.binsSize - 1)]) {
    if (touched !== undefined) {
      image.editBin(touched)[40] = 0xab;
      expected[BASE_BLOCK_SIZE + touched + 40] = 0xab;
    }
    for (let offset = 0; offset < expected.length; offset += 1000) {
      for (const length of [0, 1, 4096, 10_000]) {
        expect(same(image, expected, offset, Math.min(length, expected.length - offset))).toBe(true);
      }
    }
  }
});

test("nothing can be read at its end, and no more behind it", () => {
  const image = new EditedImage(new MemorySource(bytes));
  expect(image.read(image.sizeBytes, 0).byteLength).toBe(0);
  image.editBin(image.binOf(image.binsSize - 1));
  expect(image.read(image.sizeBytes, 0).byteLength).toBe(0);
  expect(() => image.read(image.sizeBytes, 1)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
});

test("what is made as it was before is so", () => {
  const image = new EditedImage(new MemorySource(bytes));
  image.editBin(0).fill(0, 32, 200);
  image.restore(32, 168);
  image.restore(image.binsSize - 8, 8);
  expect(same(image, bytes, 0, bytes.length)).toBe(true);
});
