// SPDX-License-Identifier: MIT
import { type Chain, type ChainLink, type DiskFormat, type DiskKind, readChain } from "../disk/index.ts";
import { FileSource, ParentFolders } from "../io/index.ts";
import type { OpenImageOptions } from "./open-image.ts";
import type { ErrorReport, FindingReport } from "./report.ts";
import { reportError, reportFinding } from "./report-parts.ts";

/** The files of a disk and how they belong together, `chain --format json`. */
export interface ChainReport {
  readonly schema: "vmguest.chain/1";
  readonly image: string;
  /** The image first, then its parents as far as they could be opened. */
  readonly files: readonly ChainFileReport[];
  readonly findings: readonly FindingReport[];
  /** What ends the chain early; null where it reaches a disk without a parent. */
  readonly error: ErrorReport | null;
}

/** One file of a chain, as it says of itself; sizes in bytes. */
export interface ChainFileReport {
  readonly path: string;
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  /** Bytes of the file, and of the disk that the guest sees. */
  readonly fileSize: number;
  readonly virtualSize: number;
  readonly logicalSectorSize: number;
  readonly logState: "clean" | "replayed";
  /** What a child knows the file by: the DataWriteGuid of a VHDX, the unique id of a VHD. */
  readonly identity: string | null;
  /** What the file says of its parent; null where it has none. */
  readonly parent: ParentReport | null;
}

/** Which parent a differencing disk asks for. */
export interface ParentReport {
  /** The parent's identity is one of them. */
  readonly identities: readonly string[];
  /** Its paths on the Windows that wrote them, in the order in which they are tried. */
  readonly names: readonly string[];
}

/**
 * Reads the chain of one image, without looking at what is on the disk. Files are opened for reading only.
 *
 * Never throws: what keeps the chain from its end is in `error`, and the files up to there are listed.
 */
export function reportChain(path: string, options: OpenImageOptions = {}): ChainReport {
  try {
    using file = FileSource.open(path, options);
    using parents = new ParentFolders(file, { ...options, roots: options.parentRoots });
    const chain = readChain(file, { resolveParent: (names, child) => parents.find(names, child) });
    file.checkUnchanged();
    parents.checkUnchanged();
    return describe(path, chain);
  } catch (error) {
    const files: ChainFileReport[] = [];
    return { schema: "vmguest.chain/1", image: path, files, findings: [], error: reportError(error, path) };
  }
}

function describe(path: string, { links, findings, error }: Chain): ChainReport {
  return {
    schema: "vmguest.chain/1",
    image: path,
    files: links.map((link) => describeLink(path, link)),
    findings: findings.map((found) => reportFinding(found, path)),
    error: error === undefined ? null : reportError(error, path),
  };
}

function describeLink(path: string, link: ChainLink): ChainFileReport {
  const { format, kind, parent } = link;
  return {
    path: link.name ?? path,
    format,
    kind,
    fileSize: link.fileSizeBytes,
    virtualSize: link.sizeBytes,
    logicalSectorSize: link.logicalSectorSizeBytes,
    logState: link.logState,
    identity: link.identity ?? null,
    parent: parent === undefined ? null : { identities: parent.identities, names: parent.names },
  };
}
