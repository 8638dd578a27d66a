import { expect } from "vitest";
import type { EvidenceReport } from "../../src/audit/index.ts";
import { FixedFileInfo } from "../../src/package/pe/layout.ts";

/** Bytes of the longest name that a package has. */
const PACKAGE_NAME_MAX = 255;

/** The version that stands in the bytes of the image where the evidence says that it is. */
export function factAt({ source, value, place }: EvidenceReport, image: Buffer): string {
  const at = place.imageOffset ?? expect.fail(`${place.path} has no image offset`);
  if (source === "driver-file") {
    const view = new DataView(image.buffer, image.byteOffset + at, FixedFileInfo.sizeBytes);
    const { signature, fileVersionHigh: high, fileVersionLow: low } = new FixedFileInfo(view);
    expect(signature).toBe(0xfeef04bd);
    return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join(".");
  }
  if (source !== "package") return image.toString("utf16le", at, at + value.length * 2);
  const name = image.toString("latin1", at, at + PACKAGE_NAME_MAX);
  return /^[\w-]+~\w+~\w+~[\w-]*~([\d.]+)/.exec(name)?.[1] ?? "";
}
