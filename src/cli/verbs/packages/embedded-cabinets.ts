// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { findCabinets } from "../../../package/cab/index.ts";
import type { PackageEntry } from "../../../report/index.ts";
import { chunksOf } from "../../chunks.ts";
import type { OpenedPackage } from "./opened-package.ts";

/** Self-extractors hold one or two; a file may be full of cabinets of 60 bytes each. */
const CABINET_COUNT_MAX = 1000;

/** A file with cabinets in it, such as a self-extractor; its files are the cabinets. Undefined where it has none. */
export function openCabinetsIn(source: ByteSource): OpenedPackage | undefined {
  const cabinets = new Map<PackageEntry, ByteSource>();
  for (const cabinet of findCabinets(source)) {
    if (cabinets.size === CABINET_COUNT_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `the file holds more than ${CABINET_COUNT_MAX} cabinets`);
    }
    cabinets.set(describeCabinet(cabinets.size + 1, cabinet.sizeBytes), cabinet);
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

/** They have no names; their numbers stay what they are as long as the file does. */
function describeCabinet(number: number, sizeBytes: number): PackageEntry {
  return {
    path: `cabinet-${number}.cab`,
    isDirectory: false,
    sizeBytes,
    modified: null,
    attributes: [],
    compression: null,
    unsafe: null,
  };
}
