import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildSamples } from "../lab/samples.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");

/** A sample as it is kept: as it is, or packed. */
function readSample(name: string): Uint8Array {
  const packed = join(SAMPLES, `${name}.br`);
  return existsSync(packed) ? brotliDecompressSync(readFileSync(packed)) : readFileSync(join(SAMPLES, name));
}

test.each([...buildSamples()])("the sample %s is what node samples/make-packages.js makes", (name, bytes) => {
  expect(Buffer.compare(readSample(name), bytes)).toBe(0);
});
