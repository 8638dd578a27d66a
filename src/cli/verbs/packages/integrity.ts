// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../../../audit/index.ts";
import { located, VmguestError } from "../../../errors.ts";
import type { PackageIntegrity } from "../../../report/index.ts";
import { toErrorReport } from "../../error-report.ts";
import { type OpenedPackage, openPackage, type PackageSource } from "./opened-package.ts";

/** Cabinets with this many damaged files are damaged; naming each of thousands more says no more. */
const DAMAGE_COUNT_MAX = 1000;

/**
 * Unpacks every cabinet that a file is or holds, and keeps nothing: damage shows where data cannot be unpacked or does
 * not match its checksum. Says nothing about who made it. Loads nothing but the reader of cabinets where it is one.
 */
export async function checkIntegrity(from: PackageSource): Promise<PackageIntegrity> {
  const opened = await openPackage(from);
  const count = { cabinets: 0, files: 0, bytes: 0 };
  const damage: ErrorReport[] = [];
  const unpack = (cabinet: OpenedPackage, path: string): void => {
    count.cabinets++;
    for (const { entry, chunks } of cabinet.contents(() => true)) {
      try {
        for (const chunk of chunks) count.bytes += chunk.length;
        count.files++;
      } catch (error) {
        if (!(error instanceof VmguestError) || error.kind === "io") throw error;
        if (damage.length < DAMAGE_COUNT_MAX)
          damage.push(toErrorReport(located(error, { path: entry.path }), path));
      }
    }
  };
  if (opened.kind === "cab" || opened.kind === "msu") unpack(opened, from.path);
  else await eachCabinetIn(opened, from, unpack);
  return { path: from.path, kind: opened.kind, ...count, damage, error: null };
}

/** The cabinets on a disc or in another file, told by what they begin with. */
async function eachCabinetIn(
  opened: OpenedPackage,
  from: PackageSource,
  work: (cabinet: OpenedPackage, path: string) => void,
): Promise<void> {
  const { isCabinet, openCabinet } = await import("./cabinet-package.ts");
  for (const entry of opened.entries) {
    if (entry.isDirectory || entry.sizeBytes === 0) continue;
    const source = opened.open(entry);
    if (isCabinet(source))
      work(
        openCabinet(source, () => undefined, {}),
        `${from.path}/${entry.path}`,
      );
  }
}
