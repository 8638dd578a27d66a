import { describe, expect, test } from "vitest";
import { marvin32 } from "../../src/registry/recovery/marvin32.ts";

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

describe("Marvin32 with the seed of log entries", () => {
  test.each([
    { hex: "", hash: 0xb39efca403966e08n },
    { hex: "00", hash: 0x2d45a72c3c214958n },
    { hex: "00000000", hash: 0x2400585e2d116fbfn },
    { hex: "616263", hash: 0xb9cf3dfca41914f7n },
    { hex: "61626364", hash: 0x20094fb11a6cd086n },
    { hex: "6162636465666768", hash: 0x253e0a1a576ba388n },
    { hex: Buffer.from([...Array(32).keys()]).toString("hex"), hash: 0xc64feee425c2e24cn },
  ])("of '$hex' is $hash", ({ hex, hash }) => {
    const bytes = Buffer.from(hex, "hex");
    expect(marvin32([viewOf(bytes)])).toBe(hash);
    expect(marvin32([viewOf(bytes.subarray(0, 4)), viewOf(bytes.subarray(4))])).toBe(hash);
  });
});
