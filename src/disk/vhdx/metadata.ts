// SPDX-License-Identifier: MIT
import { formatGuid, readSize64 } from "../../bytes/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import {
  FILE_PARAMETER_FLAGS,
  FileParameters,
  METADATA_FLAGS,
  METADATA_IDS,
  METADATA_TABLE_SIZE_BYTES,
  MetadataTableEntry,
  MetadataTableHeader,
  MIB,
  TABLE_ENTRY_COUNT_MAX,
} from "./layout.ts";
import { type FileRange, overlaps } from "./ranges.ts";

/** What the metadata region says about the virtual disk (2.6). */
export interface Metadata {
  readonly blockSizeBytes: number;
  readonly virtualSizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly physicalSectorSizeBytes: 512 | 4096;
  /** What the guest knows the disk by; a child repeats it. */
  readonly virtualDiskId: string;
  /** A fixed disk: all its blocks stay allocated. */
  readonly leavesBlocksAllocated: boolean;
  /** Where the parent locator is; undefined for a disk without a parent. */
  readonly parentLocator: FileRange | undefined;
}

const ITEM_SIZE_BYTES_MAX = MIB;
const USER_ENTRY_COUNT_MAX = 1024;
const BLOCK_SIZE_BYTES_MAX = 256 * MIB;
const VIRTUAL_SIZE_BYTES_MAX = 64 * 1024 * 1024 * MIB;

/** Reads and checks the metadata table and the items that reading the disk depends on. */
export function readMetadata(file: ByteSource, region: FileRange): Metadata {
  const items = readItems(file, region);
  const logicalSectorSizeBytes = sectorSizeOf(file, requireItem(items, "logicalSectorSize", 4));
  const physicalSectorSizeBytes = sectorSizeOf(file, requireItem(items, "physicalSectorSize", 4));
  const { offset: idOffset, lengthBytes: idLengthBytes } = requireItem(items, "virtualDiskId", 16);
  const virtualSizeBytes = readVirtualSize(
    file,
    requireItem(items, "virtualDiskSize", 8),
    logicalSectorSizeBytes,
  );
  const item = requireItem(items, "fileParameters", FileParameters.sizeBytes);
  const parameters = new FileParameters(file.read(item.offset, item.lengthBytes));
  const { blockSizeBytes, flags } = parameters;
  if (!isPowerOfTwo(blockSizeBytes) || blockSizeBytes < MIB || blockSizeBytes > BLOCK_SIZE_BYTES_MAX) {
    throw parameterError(item, `the block size is ${blockSizeBytes}, not a power of two from 1 to 256 MiB`);
  }
  const hasParent = (flags & FILE_PARAMETER_FLAGS.hasParent) !== 0;
  return {
    blockSizeBytes,
    virtualSizeBytes,
    logicalSectorSizeBytes,
    physicalSectorSizeBytes,
    virtualDiskId: formatGuid(file.read(idOffset, idLengthBytes)),
    leavesBlocksAllocated: (flags & FILE_PARAMETER_FLAGS.leaveBlocksAllocated) !== 0,
    parentLocator: hasParent ? requireItem(items, "parentLocator") : undefined,
  };
}

/** The system items of the table by their ids, each checked to lie inside the region. */
function readItems(file: ByteSource, region: FileRange): Map<string, FileRange> {
  if (region.lengthBytes < METADATA_TABLE_SIZE_BYTES) {
    throw tableError(region.offset, `the region has no room for the table`);
  }
  const entryCount = readEntryCount(file, region.offset);
  const tableOffset = region.offset + MetadataTableHeader.sizeBytes;
  const view = file.read(tableOffset, entryCount * MetadataTableEntry.sizeBytes);
  const entries = Array.from(
    { length: entryCount },
    (_, index) => new MetadataTableEntry(view, index * MetadataTableEntry.sizeBytes),
  );
  const items = new Map<string, FileRange>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const where = { structure: MetadataTableEntry.structName, offset: tableOffset + entry.at };
    const isUser = (entry.flags & METADATA_FLAGS.isUser) !== 0;
    locate(where, () => {
      const key = `${isUser ? "user" : "system"} item ${entry.itemId}`;
      if (seen.has(key)) throw tableError(where.offset, `${key} is listed twice`);
      seen.add(key);
      const range = rangeOf(entry, region);
      if (isUser) return;
      checkKnown(entry);
      items.set(entry.itemId, range);
    });
  }
  if (seen.size - items.size > USER_ENTRY_COUNT_MAX) {
    throw tableError(region.offset, `it lists more than ${USER_ENTRY_COUNT_MAX} user items`);
  }
  checkDisjoint(items);
  return items;
}

function readEntryCount(file: ByteSource, tableOffset: number): number {
  const { signature, entryCount } = new MetadataTableHeader(
    file.read(tableOffset, MetadataTableHeader.sizeBytes),
  );
  if (signature !== "metadata") throw tableError(tableOffset, "the signature is missing");
  if (entryCount > TABLE_ENTRY_COUNT_MAX) {
    throw tableError(tableOffset, `it claims to have ${entryCount} entries`);
  }
  return entryCount;
}

function rangeOf(entry: InstanceType<typeof MetadataTableEntry>, region: FileRange): FileRange {
  const { itemId, offset, lengthBytes } = entry;
  const range = { what: `VHDX metadata item ${itemId}`, offset: region.offset + offset, lengthBytes };
  if (lengthBytes === 0 && offset === 0) return range;
  const fits =
    offset >= METADATA_TABLE_SIZE_BYTES &&
    lengthBytes <= ITEM_SIZE_BYTES_MAX &&
    offset + lengthBytes <= region.lengthBytes;
  if (fits) return range;
  const claim = `item ${itemId} claims ${lengthBytes} bytes at 0x${offset.toString(16)}`;
  throw new VmguestError("VHDX_METADATA_TABLE", `${claim}, which is not behind the table inside the region`);
}

function checkKnown(entry: InstanceType<typeof MetadataTableEntry>): void {
  if ((entry.flags & METADATA_FLAGS.isRequired) === 0 || KNOWN_IDS.has(entry.itemId)) return;
  throw new VmguestError("VHDX_METADATA_UNKNOWN", `item ${entry.itemId} must be understood to open the file`);
}

const KNOWN_IDS: ReadonlySet<string> = new Set(Object.values(METADATA_IDS));

function checkDisjoint(items: ReadonlyMap<string, FileRange>): void {
  const inOrder = [...items.values()]
    .filter(({ lengthBytes }) => lengthBytes > 0)
    .sort((left, right) => left.offset - right.offset);
  inOrder.forEach((item, index) => {
    const next = inOrder[index + 1];
    if (next !== undefined && overlaps(item, next))
      throw tableError(next.offset, `${next.what} and ${item.what} share bytes`);
  });
}

/** The item, which must have exactly `lengthBytes` where that is given. */
function requireItem(
  items: ReadonlyMap<string, FileRange>,
  name: keyof typeof METADATA_IDS,
  lengthBytes?: number,
): FileRange {
  const item = items.get(METADATA_IDS[name]);
  if (item === undefined) {
    throw new VmguestError(
      "VHDX_METADATA_MISSING",
      `the metadata table has no item ${METADATA_IDS[name]} (${name})`,
      { structure: MetadataTableHeader.structName },
    );
  }
  if (lengthBytes !== undefined && item.lengthBytes !== lengthBytes) {
    throw tableError(item.offset, `item ${name} has ${item.lengthBytes} bytes, not ${lengthBytes}`);
  }
  return item;
}

function sectorSizeOf(file: ByteSource, item: FileRange): 512 | 4096 {
  const sizeBytes = file.read(item.offset, 4).getUint32(0, true);
  if (sizeBytes === 512 || sizeBytes === 4096) return sizeBytes;
  throw parameterError(item, `the sector size is ${sizeBytes}, not 512 or 4096`);
}

function readVirtualSize(file: ByteSource, item: FileRange, sectorSizeBytes: number): number {
  const where = { structure: item.what, offset: item.offset };
  const sizeBytes = locate(where, () => readSize64(file.read(item.offset, 8), 0));
  if (sizeBytes > 0 && sizeBytes <= VIRTUAL_SIZE_BYTES_MAX && sizeBytes % sectorSizeBytes === 0)
    return sizeBytes;
  throw parameterError(
    item,
    `the virtual size is ${sizeBytes}, not whole sectors of ${sectorSizeBytes} up to 64 TiB`,
  );
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

function parameterError(item: FileRange, message: string): VmguestError {
  return new VmguestError("VHDX_PARAMETERS", message, { structure: item.what, offset: item.offset });
}

function tableError(offset: number, message: string): VmguestError {
  return new VmguestError("VHDX_METADATA_TABLE", message, {
    structure: MetadataTableHeader.structName,
    offset,
  });
}
