// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { type ContainerFormat, followChain } from "../chain.ts";
import type { Disk, DiskKind, OpenDiskOptions, ParentReference } from "../disk.ts";
import { type ExtentMap, flatMap, Layer } from "../layer.ts";
import { openChain } from "../mapped-disk.ts";
import { BlockTable } from "./block-table.ts";
import { formatUniqueId, readDynamicHeader, readParentReference } from "./dynamic-header.ts";
import { isVhd, type LocatedFooter, readFooter } from "./footer.ts";
import { DISK_TYPES, SECTOR_SIZE_BYTES, VhdDynamicHeader, VhdFooter } from "./layout.ts";

const MAJOR_VERSION = 1;
/** No larger VHD can exist: beyond it the sector numbers of the block allocation table run out. */
const VIRTUAL_SIZE_BYTES_MAX = 2040 * 1024 * 1024 * 1024;

/** VHD files for a chain. */
export const VHD: ContainerFormat = { format: "vhd", recognises: isVhd, readLayer: readVhdLayer };

/**
 * Opens a VHD (Virtual Hard Disk Image Format Specification 1.0), a differencing one with its parents.
 *
 * Throws DISK_DIFFERENCING, with the names of the parent, for a disk that needs one where `options` has no way to it,
 * and one of the DISK_PARENT codes where the parent cannot be found or is not the one that the disk was made from.
 */
export function openVhd(file: ByteSource, options: OpenDiskOptions = {}): Disk {
  return openChain(followChain(file, VHD, options));
}

function readVhdLayer(file: ByteSource): Layer {
  const located = readFooter(file);
  const virtualSizeBytes = virtualSizeOf(located);
  const { kind, map, parent } = readData(file, located, virtualSizeBytes);
  return new Layer(
    {
      format: "vhd",
      kind,
      sizeBytes: virtualSizeBytes,
      logicalSectorSizeBytes: SECTOR_SIZE_BYTES,
      logState: "clean",
      dataWriteGuid: undefined,
      identity: formatUniqueId(located.footer.uniqueId),
      parent,
      findings: [...located.findings, ...findingsOf(located)],
    },
    file,
    map,
  );
}

interface DiskData {
  readonly kind: DiskKind;
  readonly map: ExtentMap;
  readonly parent: ParentReference | undefined;
}

function readData(file: ByteSource, located: LocatedFooter, virtualSizeBytes: number): DiskData {
  switch (located.footer.diskType) {
    case DISK_TYPES.fixed:
      checkFixed(located, virtualSizeBytes);
      return { kind: "fixed", map: flatMap(virtualSizeBytes), parent: undefined };
    case DISK_TYPES.dynamic:
      return { kind: "dynamic", ...readBlocks(file, located, virtualSizeBytes, false) };
    case DISK_TYPES.differencing:
      return { kind: "differencing", ...readBlocks(file, located, virtualSizeBytes, true) };
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

function readBlocks(
  file: ByteSource,
  located: LocatedFooter,
  virtualSizeBytes: number,
  hasParent: boolean,
): Omit<DiskData, "kind"> {
  const { header, offset } = readDynamicHeader(file, located.footer);
  const where = { structure: VhdDynamicHeader.structName, offset };
  const map = new BlockTable(file, {
    virtualSizeBytes,
    blockSizeBytes: header.blockSizeBytes,
    tableOffset: locate(where, () => header.tableOffset),
    tableEntryCount: header.tableEntryCount,
    headerOffset: offset,
    dataEnd: located.dataEnd,
    hasParent,
  });
  return { map, parent: hasParent ? readParentReference(file, header, offset) : undefined };
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
