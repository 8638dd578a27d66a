import { expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { sha256Of } from "../../../src/package/index.ts";

test.each([
  ["nothing", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["a million bytes", 1_000_000, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"],
  [
    "two chunks and a half",
    2.5 * 2 ** 20,
    "6de7493c5c90f643357c268fbaaf461c1567e0334e4948023ce17268403aa37a",
  ],
])("the digest of %s is that of its bytes", (_title, sizeBytes, digest) => {
  expect(sha256Of(new MemorySource(new Uint8Array(sizeBytes)))).toBe(digest);
});
