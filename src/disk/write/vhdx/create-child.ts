// SPDX-License-Identifier: MIT
import { encodeUtf16, parseGuid, ZERO_GUID } from "../../../bytes/index.ts";
import { type ByteSource, MemorySource } from "../../../io/index.ts";
import { entryCountOf } from "../../vhdx/bat.ts";
import { checksumOf } from "../../vhdx/checksum.ts";
import { readHeader } from "../../vhdx/header.ts";
import {
  BAT_ENTRY_SIZE_BYTES,
  FILE_PARAMETER_FLAGS,
  FileIdentifier,
  FileParameters,
  HEADER_OFFSETS,
  METADATA_FLAGS,
  METADATA_IDS,
  METADATA_TABLE_SIZE_BYTES,
  MetadataTableEntry,
  MetadataTableHeader,
  MIB,
  ParentLocatorEntry,
  ParentLocatorHeader,
  REGION_FLAGS,
  REGION_IDS,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE_BYTES,
  RegionTableEntry,
  RegionTableHeader,
  VHDX_PARENT_LOCATOR_TYPE,
  VhdxHeader,
} from "../../vhdx/layout.ts";
import { type Metadata, readMetadata } from "../../vhdx/metadata.ts";
import { readRegions } from "../../vhdx/region-table.ts";
import { FileSteps } from "../file-steps.ts";
import type { DiskChildOptions } from "../plan-child.ts";

/** What Windows takes for differencing disks. */
const BLOCK_SIZE_BYTES = 2 * MIB;
/** The places that Windows gives them. */
const LOG = { offset: MIB, lengthBytes: MIB };
const METADATA = { offset: 2 * MIB, lengthBytes: MIB };
const BAT_OFFSET = 3 * MIB;

/** A differencing VHDX without any block, over a VHDX that was closed properly; in one step. */
export function createVhdxChild(parent: ByteSource, options: DiskChildOptions): FileSteps {
  const metadata = readMetadata(parent, readRegions(parent).regions.metadata);
  const entryCount = entryCountOf({ ...metadata, blockSizeBytes: BLOCK_SIZE_BYTES }, true);
  const batLengthBytes = Math.ceil((entryCount * BAT_ENTRY_SIZE_BYTES) / MIB) * MIB;
  const file = new FileSteps(new MemorySource(new Uint8Array(0)));
  file.write(0, identifier());
  const header = headerOf(options.newGuid(), options.newGuid());
  for (const offset of HEADER_OFFSETS) {
    header.sequence += 1n;
    header.checksum = checksumOf(header.view);
    file.write(offset, bytesOf(header.view));
  }
  for (const offset of REGION_TABLE_OFFSETS) file.write(offset, regionTable(batLengthBytes));
  const locator = parentLocator(readHeader(parent).header.dataWriteGuid, options);
  writeMetadata(file, itemsOf(metadata, locator));
  file.extendTo(BAT_OFFSET + batLengthBytes);
  file.endStep();
  return file;
}

function identifier(): Uint8Array {
  const view = viewOf(FileIdentifier.sizeBytes);
  Object.assign(new FileIdentifier(view), { signature: "vhdxfile", creator: "vmguest" });
  return bytesOf(view);
}

function headerOf(fileWriteGuid: string, dataWriteGuid: string): VhdxHeader {
  return Object.assign(new VhdxHeader(viewOf(VhdxHeader.sizeBytes)), {
    signature: "head",
    fileWriteGuid,
    dataWriteGuid,
    version: 1,
    logLengthBytes: LOG.lengthBytes,
    logOffset: LOG.offset,
  });
}

function regionTable(batLengthBytes: number): Uint8Array {
  const view = viewOf(REGION_TABLE_SIZE_BYTES);
  const regions = [
    { id: REGION_IDS.bat, fileOffset: BAT_OFFSET, lengthBytes: batLengthBytes },
    { id: REGION_IDS.metadata, fileOffset: METADATA.offset, lengthBytes: METADATA.lengthBytes },
  ];
  regions.forEach((region, index) => {
    const at = RegionTableHeader.sizeBytes + index * RegionTableEntry.sizeBytes;
    Object.assign(new RegionTableEntry(view, at), { ...region, flags: REGION_FLAGS.required });
  });
  const header = new RegionTableHeader(view);
  Object.assign(header, { signature: "regi", entryCount: regions.length });
  header.checksum = checksumOf(view);
  return bytesOf(view);
}

interface Item {
  readonly itemId: string;
  readonly bytes: Uint8Array;
  /** It describes the disk and not the file (2.6.1.2). */
  readonly isOfDisk: boolean;
}

/** The items in the order in which Windows writes them. */
function itemsOf(metadata: Metadata, locator: Uint8Array): Item[] {
  const parameters = new FileParameters(viewOf(FileParameters.sizeBytes));
  Object.assign(parameters, { blockSizeBytes: BLOCK_SIZE_BYTES, flags: FILE_PARAMETER_FLAGS.hasParent });
  const size = viewOf(8);
  size.setBigUint64(0, BigInt(metadata.virtualSizeBytes), true);
  const [logical, physical] = [viewOf(4), viewOf(4)];
  logical.setUint32(0, metadata.logicalSectorSizeBytes, true);
  physical.setUint32(0, metadata.physicalSectorSizeBytes, true);
  const ofDisk = { isOfDisk: true };
  return [
    { itemId: METADATA_IDS.fileParameters, bytes: bytesOf(parameters.view), isOfDisk: false },
    { itemId: METADATA_IDS.virtualDiskSize, bytes: bytesOf(size), ...ofDisk },
    { itemId: METADATA_IDS.logicalSectorSize, bytes: bytesOf(logical), ...ofDisk },
    { itemId: METADATA_IDS.physicalSectorSize, bytes: bytesOf(physical), ...ofDisk },
    { itemId: METADATA_IDS.virtualDiskId, bytes: parseGuid(metadata.virtualDiskId), ...ofDisk },
    { itemId: METADATA_IDS.parentLocator, bytes: locator, isOfDisk: false },
  ];
}

function writeMetadata(file: FileSteps, items: readonly Item[]): void {
  const table = viewOf(METADATA_TABLE_SIZE_BYTES);
  Object.assign(new MetadataTableHeader(table), { signature: "metadata", entryCount: items.length });
  let offset = METADATA_TABLE_SIZE_BYTES;
  for (const [index, { itemId, bytes, isOfDisk }] of items.entries()) {
    const at = MetadataTableHeader.sizeBytes + index * MetadataTableEntry.sizeBytes;
    const flags = METADATA_FLAGS.isRequired + (isOfDisk ? METADATA_FLAGS.isVirtualDisk : 0);
    Object.assign(new MetadataTableEntry(table, at), { itemId, offset, lengthBytes: bytes.length, flags });
    file.write(METADATA.offset + offset, bytes);
    offset += bytes.length;
  }
  file.write(METADATA.offset, bytesOf(table));
}

/** The parent locator item (2.6.2.6), with the keys that Windows 10 writes; the volume of the parent is not known. */
function parentLocator(linkage: string, { relativePath, absolutePath }: DiskChildOptions): Uint8Array {
  const pairs: (readonly [string, string])[] = [
    ["parent_linkage", `{${linkage}}`],
    ...(absolutePath === undefined ? [] : [["absolute_win32_path", absolutePath] as const]),
    ["relative_path", relativePath],
    ["parent_linkage2", `{${ZERO_GUID}}`],
  ];
  const texts = pairs.map(([key, value]) => ({ key: encodeUtf16(key), value: encodeUtf16(value) }));
  const tableEnd = ParentLocatorHeader.sizeBytes + pairs.length * ParentLocatorEntry.sizeBytes;
  const sizeBytes = texts.reduce((sum, { key, value }) => sum + key.length + value.length, tableEnd);
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  Object.assign(new ParentLocatorHeader(view), {
    locatorType: VHDX_PARENT_LOCATOR_TYPE,
    keyValueCount: pairs.length,
  });
  let end = tableEnd;
  for (const [index, { key, value }] of texts.entries()) {
    const at = ParentLocatorHeader.sizeBytes + index * ParentLocatorEntry.sizeBytes;
    Object.assign(new ParentLocatorEntry(view, at), {
      keyOffset: end,
      valueOffset: end + key.length,
      keyLengthBytes: key.length,
      valueLengthBytes: value.length,
    });
    bytes.set(key, end);
    bytes.set(value, end + key.length);
    end += key.length + value.length;
  }
  return bytes;
}

function viewOf(sizeBytes: number): DataView {
  return new DataView(new ArrayBuffer(sizeBytes));
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
