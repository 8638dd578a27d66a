// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { differencingError } from "../differencing.ts";
import type { Disk, DiskKind } from "../disk.ts";
import { type ExtentMap, flatMap, MappedDisk } from "../mapped-disk.ts";
import { BlockTable } from "./block-table.ts";
import { readDynamicHeader, readParentPaths } from "./dynamic-header.ts";
import { type LocatedFooter, readFooter } from "./footer.ts";
import { DISK_TYPES, SECTOR_SIZE_BYTES, VhdDynamicHeader, VhdFooter } from "./layout.ts";

const MAJOR_VERSION = 1;
/** No larger VHD can exist: beyond it the sector numbers of the block allocation table run out. */
const VIRTUAL_SIZE_BYTES_MAX = 2040 * 1024 * 1024 * 1024;

/**
 * Opens a fixed or dynamic VHD (Virtual Hard Disk Image Format Specification 1.0).
 *
 * Throws DISK_DIFFERENCING, with the names of the parent, for a disk that needs one.
 */
export function openVhd(file: ByteSource): Disk {
  const located = readFooter(file);
  const virtualSizeBytes = virtualSizeOf(located);
  const { kind, map } = openData(file, located, virtualSizeBytes);
  return new MappedDisk(
    {
      format: "vhd",
      kind,
      sizeBytes: virtualSizeBytes,
      logicalSectorSizeBytes: SECTOR_SIZE_BYTES,
      logState: "clean",
      dataWriteGuid: undefined,
      findings: [...located.findings, ...findingsOf(located)],
    },
    file,
    map,
  );
}

function openData(
  file: ByteSource,
  located: LocatedFooter,
  virtualSizeBytes: number,
): { kind: DiskKind; map: ExtentMap } {
  switch (located.footer.diskType) {
    case DISK_TYPES.fixed:
      checkFixed(located, virtualSizeBytes);
      return { kind: "fixed", map: flatMap(virtualSizeBytes) };
    case DISK_TYPES.dynamic:
      return { kind: "dynamic", map: openBlocks(file, located, virtualSizeBytes) };
    case DISK_TYPES.differencing: {
      const { header, offset } = readDynamicHeader(file, located.footer);
      throw differencingError(readParentPaths(file, header), {
        structure: VhdDynamicHeader.structName,
        offset,
      });
    }
    default:
      throw parameterError(located, "diskType", `${located.footer.diskType} is not a type of disk`);
  }
}

/** The size in the footer: the geometry is coarser, and Windows does not go by it. */
function virtualSizeOf(located: LocatedFooter): number {
  const { footer, offset } = located;
  if (footer.version >>> 16 !== MAJOR_VERSION) {
    throw parameterError(located, "version", `version 0x${footer.version.toString(16)} is not known`);
  }
  const where = { structure: VhdFooter.structName, offset: offset + VhdFooter.offsetOf.currentSizeBytes };
  const sizeBytes = locate(where, () => footer.currentSizeBytes);
  const isAllowed =
    sizeBytes > 0 && sizeBytes <= VIRTUAL_SIZE_BYTES_MAX && sizeBytes % SECTOR_SIZE_BYTES === 0;
  if (isAllowed) return sizeBytes;
  const message = `the virtual size is ${sizeBytes}, not whole sectors up to 2040 GiB`;
  throw parameterError(located, "currentSizeBytes", message);
}

function checkFixed(located: LocatedFooter, virtualSizeBytes: number): void {
  if (virtualSizeBytes <= located.dataEnd) return;
  throw new VmguestError(
    "VHD_TRUNCATED",
    `a disk of ${virtualSizeBytes} bytes cannot stand before a footer at ${located.dataEnd}`,
    { structure: VhdFooter.structName, offset: located.offset },
  );
}

function openBlocks(file: ByteSource, located: LocatedFooter, virtualSizeBytes: number): ExtentMap {
  const { header, offset } = readDynamicHeader(file, located.footer);
  const where = { structure: VhdDynamicHeader.structName, offset };
  return new BlockTable(file, {
    virtualSizeBytes,
    blockSizeBytes: header.blockSizeBytes,
    tableOffset: locate(where, () => header.tableOffset),
    tableEntryCount: header.tableEntryCount,
    headerOffset: offset,
    dataEnd: located.dataEnd,
  });
}

function findingsOf({ footer, offset }: LocatedFooter): Finding[] {
  if (footer.savedState === 0) return [];
  const where = { structure: VhdFooter.structName, offset: offset + VhdFooter.offsetOf.savedState };
  return [finding("VHD_SAVED_STATE", "the footer says that the disk belongs to a saved state", where)];
}

function parameterError(
  located: LocatedFooter,
  field: keyof typeof VhdFooter.offsetOf,
  message: string,
): VmguestError {
  return new VmguestError("VHD_PARAMETERS", message, {
    structure: VhdFooter.structName,
    offset: located.offset + VhdFooter.offsetOf[field],
  });
}
