// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../../../audit/index.ts";
import { located, VmguestError, type Where } from "../../../errors.ts";
import type { PackageIntegrity } from "../../../report/index.ts";
import { toErrorReport } from "../../error-report.ts";
import { type OpenedPackage, openPackage, type PackageSource } from "./opened-package.ts";
import { partsBeside } from "./package-path.ts";

/** Cabinets with this many damaged files are damaged; naming each of thousands more says no more. */
const DAMAGE_COUNT_MAX = 1000;

/**
 * Unpacks every cabinet that a file is or holds, and keeps nothing: damage shows where data cannot be unpacked, does not
 * match its checksum, or is not all there. Says nothing about who made it. Loads nothing but the reader of cabinets where
 * it is one. Trouble with the host's own files is thrown.
 */
export async function checkIntegrity(from: PackageSource): Promise<PackageIntegrity> {
  const opened = await openPackage(from);
  const check = new IntegrityCheck();
  if (opened.kind === "cab" || opened.kind === "msu") check.unpack(opened, from.path);
  else await eachCabinetIn(opened, from, check);
  const { cabinets, files, bytes, damage } = check;
  return { path: from.path, kind: opened.kind, cabinets, files, bytes, damage, error: null };
}

/** What was unpacked so far, and what could not be. */
class IntegrityCheck {
  cabinets = 0;
  files = 0;
  bytes = 0;
  readonly damage: ErrorReport[] = [];

  unpack(cabinet: OpenedPackage, path: string): void {
    this.cabinets++;
    // A pass that goes beyond a limit ends, which is thrown between the members.
    this.attempt(path, {}, () => {
      for (const { entry, chunks } of cabinet.contents(() => true)) {
        this.attempt(path, { path: entry.path }, () => {
          for (const chunk of chunks) this.bytes += chunk.length;
          this.files++;
        });
      }
    });
    this.addFindings(cabinet, path);
  }

  /** What is graver than a remark keeps a package from being sound, even if all that is listed can be unpacked. */
  addFindings({ findings }: OpenedPackage, path: string): void {
    for (const { code, severity, message, where } of findings) {
      if (severity === "error") this.#add(new VmguestError(code, message, where), path);
    }
  }

  /** Does a part of the work; where that fails, the others can still be done. */
  attempt(path: string, where: Where, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      this.#add(located(error, where), path);
    }
  }

  #add(error: unknown, path: string): void {
    if (this.damage.length < DAMAGE_COUNT_MAX) this.damage.push(toErrorReport(error, path));
  }
}

/** The cabinets on a disc or in another file, told by what they begin with; a file that cannot be read is damage. */
async function eachCabinetIn(
  opened: OpenedPackage,
  from: PackageSource,
  check: IntegrityCheck,
): Promise<void> {
  const { isCabinet, openCabinet } = await import("./cabinet-package.ts");
  for (const entry of opened.entries) {
    if (entry.isDirectory || entry.sizeBytes === 0) continue;
    check.attempt(from.path, { path: entry.path }, () => {
      const source = opened.open(entry);
      if (!isCabinet(source)) return;
      check.unpack(openCabinet(source, partsBeside(opened, entry), {}), `${from.path}/${entry.path}`);
    });
  }
  check.addFindings(opened, from.path);
}
