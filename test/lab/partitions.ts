import { crc32 } from "node:zlib";
import { type Backing, checkRange } from "../../src/io/index.ts";
import type { PartitionedDisk } from "../../src/volume/index.ts";
import {
  BOOT_SIGNATURE,
  BootRecord,
  GptEntry,
  GptHeader,
  PartitionRecord,
  RECORD_TYPES,
} from "../../src/volume/layout.ts";

/** A disk of any size that is zero but for what was written to it. */
export class SparseDisk implements PartitionedDisk, Backing {
  readonly sizeBytes: number;
  readonly logicalSectorSizeBytes: 512 | 4096;
  readonly #pieces: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  constructor(sizeBytes: number, logicalSectorSizeBytes: 512 | 4096 = 512) {
    this.sizeBytes = sizeBytes;
    this.logicalSectorSizeBytes = logicalSectorSizeBytes;
  }

  /** Writes `bytes`, over what was written before; text is taken as Latin-1. */
  write(offset: number, bytes: Uint8Array | string): this {
    this.#pieces.push({ offset, bytes: typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes });
    return this;
  }

  read(offset: number, length: number): DataView {
    checkRange("the disk", this.sizeBytes, offset, length);
    const target = new Uint8Array(length);
    this.readInto(target, offset);
    return new DataView(target.buffer);
  }

  readInto(target: Uint8Array, offset: number): void {
    target.fill(0);
    for (const piece of this.#pieces) {
      const from = Math.max(offset, piece.offset);
      const to = Math.min(offset + target.length, piece.offset + piece.bytes.length);
      if (from < to) target.set(piece.bytes.subarray(from - piece.offset, to - piece.offset), from - offset);
    }
  }
}

/** A partition record as it is to stand in a boot record, with numbers as the record counts them. */
export interface LabRecord {
  readonly type: number;
  readonly firstLba: number;
  readonly sectorCount: number;
  readonly status?: number;
}

/** A master or extended boot record with up to four partition records. */
export function buildBootRecord(records: readonly LabRecord[]): Uint8Array {
  const bytes = new Uint8Array(BootRecord.sizeBytes);
  const boot = new BootRecord(new DataView(bytes.buffer));
  boot.signature = BOOT_SIGNATURE;
  records.forEach((fields, index) => {
    const at = BootRecord.offsetOf.records + index * PartitionRecord.sizeBytes;
    Object.assign(new PartitionRecord(boot.view, at), fields);
  });
  return bytes;
}

/** An extended partition at `extended`, whose logical ones each have their boot record `gap` sectors in front. */
export function writeExtended(
  disk: SparseDisk,
  extended: number,
  logical: readonly LabRecord[],
  gap: number,
): void {
  const bootLba = (index: number) => (index === 0 ? extended : (logical[index]?.firstLba ?? 0) - gap);
  logical.forEach(({ type, firstLba, sectorCount }, index) => {
    const records = [{ type, firstLba: firstLba - bootLba(index), sectorCount }];
    const next = logical[index + 1];
    if (next !== undefined) {
      const link = bootLba(index + 1) - extended;
      records.push({
        type: RECORD_TYPES.extendedChs,
        firstLba: link,
        sectorCount: next.sectorCount + gap,
      });
    }
    disk.write(bootLba(index) * disk.logicalSectorSizeBytes, buildBootRecord(records));
  });
}

export interface LabGptPartition {
  readonly type: string;
  readonly guid: string;
  readonly firstLba: number | bigint;
  readonly lastLba: number | bigint;
  readonly name?: string;
}

export interface LabGpt {
  readonly partitions: readonly LabGptPartition[];
  readonly diskGuid?: string;
  readonly entryCount?: number;
  readonly entrySize?: number;
  /** Sector size to count in, where it is to differ from the disk's. */
  readonly sectorSizeBytes?: number;
  /** Sector of the backup header, where it is to differ from the last one. */
  readonly backupLba?: number;
  /** Changes a header before its checksum is made. */
  readonly edit?: (header: GptHeader, copy: "primary" | "backup") => void;
}

/** Writes a protective MBR and both copies of a GUID partition table, as partitioning tools lay them out. */
export function writeGpt(disk: SparseDisk, table: LabGpt): SparseDisk {
  const sectorSizeBytes = table.sectorSizeBytes ?? disk.logicalSectorSizeBytes;
  const lastLba = table.backupLba ?? Math.floor(disk.sizeBytes / sectorSizeBytes) - 1;
  const { entryCount = 128, entrySize = 128 } = table;
  const entries = buildEntries(table.partitions, entryCount, entrySize);
  const entriesSectors = Math.ceil(entries.length / sectorSizeBytes);
  const places = {
    primary: { myLba: 1, alternateLba: lastLba, entriesLba: 2 },
    backup: { myLba: lastLba, alternateLba: 1, entriesLba: lastLba - entriesSectors },
  };
  for (const copy of ["primary", "backup"] as const) {
    const { myLba, alternateLba, entriesLba } = places[copy];
    const header = new GptHeader(new DataView(new ArrayBuffer(GptHeader.sizeBytes)));
    header.signature = "EFI PART";
    header.revision = 0x10000;
    header.headerSize = GptHeader.sizeBytes;
    header.myLba = BigInt(myLba);
    header.alternateLba = BigInt(alternateLba);
    header.firstUsableLba = BigInt(2 + entriesSectors);
    header.lastUsableLba = BigInt(lastLba - entriesSectors - 1);
    header.diskGuid = table.diskGuid ?? "00112233-4455-6677-8899-aabbccddeeff";
    header.entriesLba = BigInt(entriesLba);
    header.entryCount = entryCount;
    header.entrySize = entrySize;
    header.entriesCrc = crc32(entries);
    table.edit?.(header, copy);
    disk.write(myLba * sectorSizeBytes, sealHeader(header)).write(entriesLba * sectorSizeBytes, entries);
  }
  const protective = {
    type: RECORD_TYPES.protective,
    firstLba: 1,
    sectorCount: Math.min(lastLba, 0xffffffff),
  };
  return disk.write(0, buildBootRecord([protective]));
}

/** The bytes of a header whose checksum is right for whatever its other fields say. */
export function sealHeader(header: GptHeader): Uint8Array {
  header.headerCrc = 0;
  const bytes = new Uint8Array(header.view.buffer);
  header.headerCrc = crc32(bytes);
  return bytes;
}

function buildEntries(
  partitions: readonly LabGptPartition[],
  entryCount: number,
  entrySize: number,
): Uint8Array {
  const bytes = new Uint8Array(entryCount * entrySize);
  partitions.forEach(({ type, guid, firstLba, lastLba, name = "" }, index) => {
    const entry = new GptEntry(new DataView(bytes.buffer), index * entrySize);
    Object.assign(entry, { type, guid, name, firstLba: BigInt(firstLba), lastLba: BigInt(lastLba) });
  });
  return bytes;
}

/** The partition types that tests name most. */
export const GPT_TYPES = {
  esp: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  msr: "e3c9e316-0b5c-4db8-817d-f92df00215ae",
  basicData: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
  recovery: "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
  ldmMetadata: "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3",
  ldmData: "af9b60a0-1431-4f62-bc68-3311714a69ad",
  storageSpaces: "e75caf8f-f680-4cee-afa3-b001e56efc2d",
  linux: "0fc63daf-8483-4772-8e79-3d69d8477de4",
} as const;

/** The first sector of an NTFS volume, as far as it is needed to be known for one. */
export function buildNtfsBootSector(): Uint8Array {
  return bootSector("\xeb\x52\x90NTFS    ");
}

/** The first sector of a FAT volume: jump, parameter block, signature. */
export function buildFatBootSector(oemName = "mkfs.fat"): Uint8Array {
  const sector = bootSector(`\xeb\x58\x90${oemName}`);
  // 512 bytes a sector, 8 sectors a cluster, 32 reserved sectors, 2 FATs, fixed disk.
  sector.set([0x00, 0x02, 8, 32, 0, 2], 11);
  sector[21] = 0xf8;
  return sector;
}

/** A first sector that begins with `start` and ends with 55 AA. */
export function bootSector(start: string): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(Buffer.from(start, "latin1"));
  sector.set([0x55, 0xaa], 510);
  return sector;
}
