// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { BootSector } from "./layout.ts";

/** Sizes and places of a volume, from its boot sector; all offsets count from the start of the volume. */
export interface NtfsGeometry {
  readonly sectorSizeBytes: number;
  readonly clusterSizeBytes: number;
  /** Whole clusters; run lists may not point past them. */
  readonly clusterCount: number;
  readonly mftOffset: number;
  readonly mftMirrorOffset: number;
  /** Bytes of a FILE record. */
  readonly recordSizeBytes: number;
  readonly serial: bigint;
}

const STRUCTURE = "NTFS boot sector";
const OEM_ID = "NTFS    ";
const END_MARKER = 0xaa55;

/** From this value on, SectorsPerCluster is the negative of a power of two (clusters above 128 sectors). */
const NEGATIVE_EXPONENT_FROM = 0xf4;
/** Windows 10 1709 and later format clusters of up to 2 MiB. */
const CLUSTER_SIZE_MAX = 2 * 1024 * 1024;
/** Smallest record that update sequences can protect, and the largest that their 16-bit offsets allow. */
const RECORD_SIZE_MIN = 512;
const RECORD_SIZE_MAX = 64 * 1024;

/**
 * Reads the geometry from the first sector or, where that is damaged, from the copy in the volume's last sector; the
 * second way leaves a finding. Throws NTFS_BOOT with what is wrong with the first sector where both are unusable.
 */
export function readGeometry(source: ByteSource, findings: { add(found: Finding): void }): NtfsGeometry {
  try {
    return locate({ structure: STRUCTURE, offset: 0 }, () => geometryAt(source, 0));
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    const backup = backupGeometry(source);
    if (backup === undefined) throw error;
    findings.add(finding("NTFS_BOOT_DAMAGED", `${error.message}; its backup was used`, error.where));
    return backup;
  }
}

/** The backup is the last sector of the partition; nothing tells the size of a sector but the backup itself. */
function backupGeometry(source: ByteSource): NtfsGeometry | undefined {
  for (const sectorSizeBytes of [512, 4096]) {
    try {
      const geometry = geometryAt(source, source.sizeBytes - sectorSizeBytes);
      if (geometry.sectorSizeBytes === sectorSizeBytes) return geometry;
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
    }
  }
  return undefined;
}

function geometryAt(source: ByteSource, offset: number): NtfsGeometry {
  const boot = new BootSector(source.read(offset, BootSector.sizeBytes));
  const refuse = (message: string, field: keyof typeof BootSector.offsetOf): VmguestError =>
    new VmguestError("NTFS_BOOT", message, {
      structure: STRUCTURE,
      offset: offset + BootSector.offsetOf[field],
    });

  if (boot.oemId !== OEM_ID) throw refuse(`the boot sector does not say "${OEM_ID}"`, "oemId");
  if (boot.endMarker !== END_MARKER) throw refuse("the boot sector lacks its end marker 0xAA55", "endMarker");

  const sectorSizeBytes = boot.bytesPerSector;
  if (!isPowerOfTwo(sectorSizeBytes) || sectorSizeBytes < 256 || sectorSizeBytes > 4096) {
    throw refuse(`${sectorSizeBytes} bytes per sector are not possible`, "bytesPerSector");
  }
  const sectorsPerCluster = decodeSectorsPerCluster(boot.sectorsPerCluster);
  const clusterSizeBytes = sectorsPerCluster * sectorSizeBytes;
  if (!isPowerOfTwo(sectorsPerCluster) || clusterSizeBytes > CLUSTER_SIZE_MAX) {
    throw refuse(
      `${boot.sectorsPerCluster} is no possible number of sectors per cluster`,
      "sectorsPerCluster",
    );
  }
  if (boot.totalSectors * sectorSizeBytes > source.sizeBytes) {
    const held = Math.floor(source.sizeBytes / sectorSizeBytes);
    throw refuse(
      `the volume claims ${boot.totalSectors} sectors, but only ${held} are there`,
      "totalSectors",
    );
  }
  const clusterCount = Math.floor(boot.totalSectors / sectorsPerCluster);
  for (const field of ["mftCluster", "mftMirrorCluster"] as const) {
    if (boot[field] >= clusterCount) throw refuse(`${field} lies outside the volume`, field);
  }
  const recordSizeBytes = decodeRecordSize(boot.recordSize, clusterSizeBytes);
  if (!isRecordSize(recordSizeBytes)) {
    throw refuse(`FILE records of ${recordSizeBytes} bytes are not possible`, "recordSize");
  }
  const indexBlockSizeBytes = decodeRecordSize(boot.indexBlockSize, clusterSizeBytes);
  if (!isRecordSize(indexBlockSizeBytes)) {
    throw refuse(`index blocks of ${indexBlockSizeBytes} bytes are not possible`, "indexBlockSize");
  }
  return {
    sectorSizeBytes,
    clusterSizeBytes,
    clusterCount,
    mftOffset: boot.mftCluster * clusterSizeBytes,
    mftMirrorOffset: boot.mftMirrorCluster * clusterSizeBytes,
    recordSizeBytes,
    serial: boot.serial,
  };
}

function decodeSectorsPerCluster(stored: number): number {
  return stored >= NEGATIVE_EXPONENT_FROM ? 2 ** (256 - stored) : stored;
}

/** A positive number counts clusters, a negative one is the exponent of a power of two in bytes. */
function decodeRecordSize(stored: number, clusterSizeBytes: number): number {
  return stored > 0 ? stored * clusterSizeBytes : 2 ** -stored;
}

/** Whether a FILE record or index block may have this size. */
export function isRecordSize(sizeBytes: number): boolean {
  return isPowerOfTwo(sizeBytes) && sizeBytes >= RECORD_SIZE_MIN && sizeBytes <= RECORD_SIZE_MAX;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
