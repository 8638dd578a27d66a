// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import {
  REGION_FLAGS,
  REGION_IDS,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE_BYTES,
  RegionTableEntry,
  RegionTableHeader,
  TABLE_ENTRY_COUNT_MAX,
} from "./layout.ts";
import { type FileRange, faultOfRange } from "./ranges.ts";

export interface Regions {
  readonly bat: FileRange;
  readonly metadata: FileRange;
  /** Every region of the file, the unknown ones too. */
  readonly all: readonly FileRange[];
}

interface Table {
  readonly view: DataView;
  readonly offset: number;
}

/**
 * Where the block allocation table and the metadata are (2.2.3).
 *
 * The second table is a copy of the first and is only read where the first cannot be used.
 */
export function readRegions(file: ByteSource): { regions: Regions; findings: Finding[] } {
  const { table, findings } = readTable(file);
  const byId = new Map<string, FileRange>();
  for (const entry of entriesOf(table)) {
    const where = { structure: RegionTableEntry.structName, offset: table.offset + entry.at };
    locate(where, () => {
      const { id } = entry;
      if (byId.has(id)) throw new VmguestError("VHDX_REGION_DUPLICATE", `region ${id} is listed twice`);
      byId.set(id, rangeOf(entry, file.sizeBytes));
    });
  }
  return {
    regions: {
      bat: requireRegion(byId, "bat", table),
      metadata: requireRegion(byId, "metadata", table),
      all: [...byId.values()],
    },
    findings,
  };
}

function readTable(file: ByteSource): { table: Table; findings: Finding[] } {
  const findings: Finding[] = [];
  for (const offset of REGION_TABLE_OFFSETS) {
    const view = file.read(offset, REGION_TABLE_SIZE_BYTES);
    const fault = faultOfTable(view);
    if (fault === undefined) return { table: { view, offset }, findings };
    const where = { structure: RegionTableHeader.structName, offset };
    findings.push(finding("VHDX_REGION_TABLE_DAMAGED", `${fault}; the second copy was used`, where));
  }
  throw new VmguestError("VHDX_REGION_TABLES_INVALID", "neither copy has a valid signature and checksum", {
    structure: RegionTableHeader.structName,
    offset: REGION_TABLE_OFFSETS[0],
  });
}

/** Why a copy of the table cannot be used, or undefined where it can. */
export function faultOfTable(view: DataView): string | undefined {
  const header = new RegionTableHeader(view);
  if (header.signature !== "regi") return "the signature is missing";
  if (!checksumMatches(view)) return "the checksum does not match";
  if (header.entryCount > TABLE_ENTRY_COUNT_MAX) return `it claims to have ${header.entryCount} entries`;
  return undefined;
}

/** The entries of a table that can be used. */
export function entriesOf({ view }: Pick<Table, "view">): InstanceType<typeof RegionTableEntry>[] {
  return Array.from(
    { length: new RegionTableHeader(view).entryCount },
    (_, index) =>
      new RegionTableEntry(view, RegionTableHeader.sizeBytes + index * RegionTableEntry.sizeBytes),
  );
}

function rangeOf(entry: InstanceType<typeof RegionTableEntry>, fileSizeBytes: number): FileRange {
  const name = nameOf(entry.id);
  if (name === undefined && (entry.flags & REGION_FLAGS.required) !== 0) {
    throw new VmguestError("VHDX_REGION_UNKNOWN", `region ${entry.id} must be understood to open the file`);
  }
  const what = `VHDX ${name ?? "unknown"} region`;
  const range = { what, offset: entry.fileOffset, lengthBytes: entry.lengthBytes };
  const fault = faultOfRange(range, fileSizeBytes);
  if (fault !== undefined) throw new VmguestError("VHDX_REGION_RANGE", fault, { structure: what });
  return range;
}

function nameOf(id: string): string | undefined {
  if (id === REGION_IDS.bat) return "BAT";
  return id === REGION_IDS.metadata ? "metadata" : undefined;
}

function requireRegion(
  byId: ReadonlyMap<string, FileRange>,
  name: keyof typeof REGION_IDS,
  table: Table,
): FileRange {
  const range = byId.get(REGION_IDS[name]);
  if (range !== undefined) return range;
  throw new VmguestError("VHDX_REGION_MISSING", `the region table lists no ${name} region`, {
    structure: RegionTableHeader.structName,
    offset: table.offset,
  });
}
