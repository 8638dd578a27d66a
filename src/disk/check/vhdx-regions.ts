// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import {
  REGION_FLAGS,
  REGION_IDS,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE_BYTES,
  RegionTableEntry,
  RegionTableHeader,
} from "../vhdx/layout.ts";
import { entriesOf, faultOfTable } from "../vhdx/region-table.ts";
import { firstNonZero } from "./zeros.ts";

const KNOWN_IDS: ReadonlySet<string> = new Set(Object.values(REGION_IDS));

/** Both region tables: the second one, which is hardly ever read, and the fields that readers pass over. */
export function* checkRegionTables(file: ByteSource): Generator<Finding> {
  const [first, second] = REGION_TABLE_OFFSETS.map((offset) => file.read(offset, REGION_TABLE_SIZE_BYTES));
  if (first === undefined || second === undefined) return;
  const isFirstSound = faultOfTable(first) === undefined;
  const faultOfSecond = faultOfTable(second);
  const whereSecond = { structure: RegionTableHeader.structName, offset: REGION_TABLE_OFFSETS[1] };
  // Where both are damaged, the reader says so.
  if (faultOfSecond !== undefined && isFirstSound) {
    yield finding("VHDX_REGION_COPY_DAMAGED", faultOfSecond, whereSecond);
  }
  if (isFirstSound) yield* checkTable(first, REGION_TABLE_OFFSETS[0]);
  if (faultOfSecond !== undefined) return;
  if (!isFirstSound) {
    yield* checkTable(second, REGION_TABLE_OFFSETS[1]);
    return;
  }
  const copy = readBytes(file, REGION_TABLE_OFFSETS[1], REGION_TABLE_SIZE_BYTES);
  const differs = readBytes(file, REGION_TABLE_OFFSETS[0], REGION_TABLE_SIZE_BYTES).findIndex(
    (byte, index) => byte !== copy[index],
  );
  if (differs < 0) return;
  yield finding("VHDX_REGION_TABLES_DIFFER", `they differ from byte ${differs} on`, whereSecond);
}

function* checkTable(view: DataView, offset: number): Generator<Finding> {
  const header = new RegionTableHeader(view);
  const end = RegionTableHeader.sizeBytes + header.entryCount * RegionTableEntry.sizeBytes;
  const rest = new Uint8Array(view.buffer, view.byteOffset + end, view.byteLength - end);
  if (firstNonZero(header.reserved) !== undefined || firstNonZero(rest) !== undefined) {
    const message = "reserved bytes of the table are not zero";
    yield finding("VHDX_RESERVED", message, { structure: RegionTableHeader.structName, offset });
  }
  for (const entry of entriesOf({ view })) {
    const where = { structure: RegionTableEntry.structName, offset: offset + entry.at };
    if (entry.flags > REGION_FLAGS.required) {
      yield finding("VHDX_RESERVED", `the flags are 0x${entry.flags.toString(16)}`, where);
    }
    if (KNOWN_IDS.has(entry.id) && entry.flags % 2 === 0) {
      yield finding("VHDX_REGION_FLAGS", `region ${entry.id} is not marked as required`, where);
    }
  }
}
