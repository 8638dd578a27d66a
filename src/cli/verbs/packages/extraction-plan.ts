// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { PackageEntry } from "../../../report/index.ts";

export interface ExtractionRequest {
  /** The package as the user named it. */
  readonly package: string;
  /** Names, folders and patterns of what is wanted; everything where there are none. */
  readonly wanted: readonly string[];
  /** How many bytes may be written. */
  readonly limitBytes: number;
}

/** What would be written to the host, found out before anything is. */
export interface ExtractionPlan {
  /** In the order of the package; folders among them only where the package has them as such. */
  readonly entries: readonly PackageEntry[];
  /** What must not be written, and why. */
  readonly refused: readonly VmguestError[];
}

/**
 * Chooses what is to be extracted, and refuses what would not stay in the folder, or would become one file with another
 * on a host that does not tell upper from lower case.
 *
 * @throws NOT_FOUND where a name or pattern matches nothing, EXTRACT_LIMIT where the package says that it holds more than
 * the limit allows.
 */
export function planExtraction(entries: Iterable<PackageEntry>, request: ExtractionRequest): ExtractionPlan {
  const chosen = chooseEntries(entries, request);
  const planned: PackageEntry[] = [];
  const refused: VmguestError[] = [];
  const paths = new TakenPaths();
  let sizeBytes = 0;
  for (const entry of chosen) {
    const error = refusalOf(entry, paths, request.package);
    if (error !== undefined) {
      refused.push(error);
      continue;
    }
    planned.push(entry);
    sizeBytes += entry.sizeBytes;
  }
  if (sizeBytes > request.limitBytes) {
    const message = `${sizeBytes} bytes would be extracted, and ${request.limitBytes} may be`;
    throw new VmguestError("EXTRACT_LIMIT", message, { image: request.package });
  }
  return { entries: planned, refused };
}

function chooseEntries(entries: Iterable<PackageEntry>, request: ExtractionRequest): PackageEntry[] {
  const all = [...entries];
  if (request.wanted.length === 0) return all;
  const patterns = request.wanted.map((text) => ({ text, expression: expressionOf(text) }));
  for (const { text, expression } of patterns) {
    if (all.some(({ path }) => expression.test(path))) continue;
    throw new VmguestError("NOT_FOUND", `the package holds nothing that is named "${text}"`, {
      image: request.package,
    });
  }
  return all.filter(({ path }) => patterns.some(({ expression }) => expression.test(path)));
}

/** A name means the file, or the folder with all below it; `*` and `?` stand for any characters, as for EXPAND.EXE. */
function expressionOf(wanted: string): RegExp {
  const path = wanted.replaceAll("\\", "/").replace(/\/+$/, "");
  const pattern = path
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}(/.*)?$`, "is");
}

function refusalOf(entry: PackageEntry, paths: TakenPaths, image: string): VmguestError | undefined {
  const where = { image, path: entry.path };
  if (entry.unsafe !== null) return new VmguestError("EXTRACT_NAME", entry.unsafe, where);
  const other = paths.take(entry);
  if (other === undefined) return undefined;
  return new VmguestError("EXTRACT_COLLISION", `the package also holds "${other}"`, where);
}

/** Paths that are spoken for, the folders that lead to them included. */
class TakenPaths {
  /** How each is spelled, and whether it is a folder, by what a host may take for the same. */
  readonly #taken = new Map<string, { readonly path: string; readonly isDirectory: boolean }>();

  /** Takes the path of an entry; gives the path that stands in its way, if there is one. */
  take({ path, isDirectory }: PackageEntry): string | undefined {
    const steps = stepsOf(path).map((step, index, all) => {
      return { path: step, isDirectory: isDirectory || index < all.length - 1 };
    });
    for (const step of steps) {
      const other = this.#taken.get(foldCase(step.path));
      if (other !== undefined && !(step.isDirectory && other.isDirectory)) return other.path;
    }
    for (const step of steps) this.#taken.set(foldCase(step.path), step);
    return undefined;
  }
}

/** `a`, `a/b`, `a/b/c` of `a/b/c`. */
function stepsOf(path: string): string[] {
  const names = path.split("/");
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** The same for names that a file system may hold for one: NTFS and APFS ignore case, and APFS how accents are written. */
function foldCase(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase();
}
