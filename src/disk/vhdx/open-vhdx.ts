// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { type ContainerFormat, followChain } from "../chain.ts";
import type { Disk, OpenDiskOptions } from "../disk.ts";
import { Layer } from "../layer.ts";
import { openChain } from "../mapped-disk.ts";
import { Bat } from "./bat.ts";
import { readHeader } from "./header.ts";
import { FileIdentifier, HEADER_SECTION_SIZE_BYTES, type VhdxHeader } from "./layout.ts";
import { isClean, logRange, replayLog } from "./log-replay.ts";
import { readMetadata } from "./metadata.ts";
import { readParentReference } from "./parent-locator.ts";
import { checkNoOverlap, type FileRange } from "./ranges.ts";
import { readRegions } from "./region-table.ts";

const SIGNATURE = new TextEncoder().encode("vhdxfile");

/** Whether a file begins as a VHDX, whatever follows. */
export function isVhdx(file: ByteSource): boolean {
  if (file.sizeBytes < SIGNATURE.length) return false;
  const bytes = readBytes(file, 0, SIGNATURE.length);
  return SIGNATURE.every((byte, index) => byte === bytes[index]);
}

/** VHDX files for a chain. */
export const VHDX: ContainerFormat = { format: "vhdx", recognises: isVhdx, readLayer: readVhdxLayer };

/**
 * Opens a VHDX (MS-VHDX), a differencing one with its parents. A file that was not closed properly is read as it is
 * after the replay of its log; the replay happens in memory.
 *
 * Throws DISK_DIFFERENCING, with the names of the parent, for a disk that needs one where `options` has no way to it,
 * and one of the DISK_PARENT codes where the parent cannot be found or is not the one that the disk was made from.
 */
export function openVhdx(file: ByteSource, options: OpenDiskOptions = {}): Disk {
  return openChain(followChain(file, VHDX, options));
}

/** The log comes before everything but the headers, because region table, metadata and BAT may stand in it. */
function readVhdxLayer(file: ByteSource): Layer {
  checkIdentifier(file);
  const { header, findings: headerFindings } = readHeader(file);
  const log = logRange(header, file.sizeBytes);
  const current = isClean(header) ? file : replayLog(file, header, log);
  const { regions, findings: regionFindings } = readRegions(current);
  const occupied = [log, ...regions.all];
  checkNoOverlap(occupied);
  const metadata = readMetadata(current, regions.metadata);
  const { parentLocator } = metadata;
  const parent = parentLocator === undefined ? undefined : readParentReference(current, parentLocator);
  const kind = metadata.leavesBlocksAllocated ? "fixed" : "dynamic";
  return new Layer(
    {
      format: "vhdx",
      // A differencing disk may carry the flag of a fixed one, which then means nothing (2.6.2.1).
      kind: parent === undefined ? kind : "differencing",
      sizeBytes: metadata.virtualSizeBytes,
      logicalSectorSizeBytes: metadata.logicalSectorSizeBytes,
      logState: isClean(header) ? "clean" : "replayed",
      dataWriteGuid: header.dataWriteGuid,
      identity: header.dataWriteGuid,
      parent,
      findings: [...headerFindings, ...findingsOfReplay(header, log), ...regionFindings],
    },
    current,
    new Bat(current, regions.bat, { ...metadata, hasParent: parent !== undefined }, occupied),
  );
}

function checkIdentifier(file: ByteSource): void {
  const where = { structure: FileIdentifier.structName, offset: 0 };
  if (!isVhdx(file)) throw new VmguestError("VHDX_NOT", "the signature is missing", where);
  if (file.sizeBytes < HEADER_SECTION_SIZE_BYTES) {
    throw new VmguestError(
      "VHDX_NOT",
      `the file has ${file.sizeBytes} bytes, its headers alone need 1 MiB`,
      where,
    );
  }
}

function findingsOfReplay(header: VhdxHeader, log: FileRange): Finding[] {
  if (isClean(header)) return [];
  const message = "the file was not closed properly; its log was replayed in memory";
  return [finding("VHDX_LOG_REPLAYED", message, { structure: log.what, offset: log.offset })];
}
