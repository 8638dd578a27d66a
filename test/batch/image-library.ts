import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditedImage, auditBatch, type BatchOptions, type Discovery } from "../../src/batch/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { ownFolder } from "../support/own-folder.ts";

/** Files of these names, all one guest image, in a folder of the test file; their paths. */
export function makeLibrary(...names: readonly string[]): string[] {
  const folder = join(ownFolder(), "library");
  mkdirSync(folder, { recursive: true });
  const model = join(ownFolder(), "model.vhdx");
  writeFileSync(model, CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })])), { flag: "w" });
  return names.map((name) => {
    const path = join(folder, name);
    linkSync(model, path);
    return path;
  });
}

export const found = (images: readonly string[]): Discovery => ({ images, unreadable: [] });

export const AUDIT: BatchOptions = {
  audit: { host: "ws2012r2" },
  limits: { seconds: 60, bytes: 256 * 1024 * 1024, memoryBytes: 256 * 1024 * 1024 },
};

/** All that a batch gives. */
export async function auditAll(
  discovery: Discovery,
  options: Partial<BatchOptions>,
): Promise<AuditedImage[]> {
  const images: AuditedImage[] = [];
  for await (const image of auditBatch(discovery, { ...AUDIT, ...options })) images.push(image);
  return images;
}
