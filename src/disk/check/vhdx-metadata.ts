// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../bytes/index.ts";
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import {
  FILE_PARAMETER_FLAGS,
  FileParameters,
  METADATA_FLAGS,
  METADATA_IDS,
  METADATA_TABLE_SIZE_BYTES,
  MetadataTableEntry,
  MetadataTableHeader,
  TABLE_ENTRY_COUNT_MAX,
} from "../vhdx/layout.ts";
import type { FileRange } from "../vhdx/ranges.ts";
import { firstNonZero } from "./zeros.ts";

const OF_FILE = METADATA_FLAGS.isRequired;
const OF_DISK = METADATA_FLAGS.isRequired + METADATA_FLAGS.isVirtualDisk;

/** How each item must be marked (2.6.2). */
const EXPECTED_FLAGS: ReadonlyMap<string, number> = new Map([
  [METADATA_IDS.fileParameters, OF_FILE],
  [METADATA_IDS.virtualDiskSize, OF_DISK],
  [METADATA_IDS.virtualDiskId, OF_DISK],
  [METADATA_IDS.logicalSectorSize, OF_DISK],
  [METADATA_IDS.physicalSectorSize, OF_DISK],
  [METADATA_IDS.parentLocator, OF_FILE],
]);

/** Bits of an entry's flags that mean something. */
const KNOWN_FLAGS = METADATA_FLAGS.isUser + METADATA_FLAGS.isVirtualDisk + METADATA_FLAGS.isRequired;
const KNOWN_PARAMETERS = FILE_PARAMETER_FLAGS.leaveBlocksAllocated + FILE_PARAMETER_FLAGS.hasParent;

type Entry = InstanceType<typeof MetadataTableEntry>;

/** The metadata table and what readers pass over in its items; a table that cannot be read is the reader's finding. */
export function* checkMetadataItems(file: ByteSource, region: FileRange): Generator<Finding> {
  if (region.lengthBytes < METADATA_TABLE_SIZE_BYTES) return;
  const view = file.read(region.offset, METADATA_TABLE_SIZE_BYTES);
  const header = new MetadataTableHeader(view);
  if (header.signature !== "metadata" || header.entryCount > TABLE_ENTRY_COUNT_MAX) return;
  if (firstNonZero(header.reserved) !== undefined || firstNonZero(header.reservedToo) !== undefined) {
    const where = { structure: MetadataTableHeader.structName, offset: region.offset };
    yield finding("VHDX_RESERVED", "reserved bytes of the table are not zero", where);
  }
  for (let index = 0; index < header.entryCount; index++) {
    const entry = new MetadataTableEntry(
      view,
      MetadataTableHeader.sizeBytes + index * MetadataTableEntry.sizeBytes,
    );
    yield* checkEntry(entry, region);
    yield* checkItem(file, entry, region);
  }
}

function* checkEntry(entry: Entry, region: FileRange): Generator<Finding> {
  const where = { structure: MetadataTableEntry.structName, offset: region.offset + entry.at };
  const { itemId, flags } = entry;
  if (firstNonZero(entry.reserved) !== undefined || flags > KNOWN_FLAGS) {
    yield finding("VHDX_RESERVED", `reserved bits of the entry of item ${itemId} are not zero`, where);
  }
  const expected = EXPECTED_FLAGS.get(itemId);
  if (expected === undefined || flags % (KNOWN_FLAGS + 1) === expected) return;
  const message = `item ${itemId} has the flags ${flags}, not ${expected}`;
  yield finding("VHDX_METADATA_FLAGS", message, where);
}

function* checkItem(file: ByteSource, entry: Entry, region: FileRange): Generator<Finding> {
  const { itemId, offset, lengthBytes } = entry;
  if (offset + lengthBytes > region.lengthBytes) return;
  const where = { structure: `VHDX metadata item ${itemId}`, offset: region.offset + offset };
  if (itemId === METADATA_IDS.fileParameters && lengthBytes === FileParameters.sizeBytes) {
    const { flags } = new FileParameters(file.read(where.offset, lengthBytes));
    if (flags > KNOWN_PARAMETERS) {
      yield finding("VHDX_RESERVED", `the file parameters have the flags 0x${flags.toString(16)}`, where);
    }
  }
  if (itemId === METADATA_IDS.virtualDiskId && lengthBytes === ZERO_GUID_SIZE) {
    const id = file.read(where.offset, lengthBytes);
    if (firstNonZero(new Uint8Array(id.buffer, id.byteOffset, lengthBytes)) === undefined) {
      yield finding("VHDX_IDENTITY", `the virtual disk has the id ${ZERO_GUID}`, where);
    }
  }
}

const ZERO_GUID_SIZE = 16;
