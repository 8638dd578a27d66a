// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import { embeddedCabinets } from "../../../package/catalogue/index.ts";
import type { PackageEntry } from "../../../report/index.ts";
import { chunksOf } from "../../chunks.ts";
import type { OpenedPackage } from "./opened-package.ts";

/** A file with cabinets in it, such as a self-extractor; its files are the cabinets. Undefined where it has none. */
export function openCabinetsIn(source: ByteSource): OpenedPackage | undefined {
  const cabinets = new Map<PackageEntry, ByteSource>();
  for (const [path, cabinet] of embeddedCabinets(source)) {
    cabinets.set(describeCabinet(path, cabinet.sizeBytes), cabinet);
  }
  if (cabinets.size === 0) return undefined;
  const open = (entry: PackageEntry): ByteSource => {
    const cabinet = cabinets.get(entry);
    if (cabinet === undefined) throw new Error("the entry is from another file");
    return cabinet;
  };
  return {
    kind: "cabinets",
    disc: null,
    msi: null,
    entries: [...cabinets.keys()],
    findings: [],
    open,
    *contents(isWanted) {
      for (const entry of cabinets.keys())
        if (isWanted(entry)) yield { entry, chunks: chunksOf(open(entry)) };
    },
  };
}

function describeCabinet(path: string, sizeBytes: number): PackageEntry {
  return {
    path,
    isDirectory: false,
    sizeBytes,
    modified: null,
    attributes: [],
    compression: null,
    unsafe: null,
  };
}
