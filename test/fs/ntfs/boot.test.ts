import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/errors.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import { readGeometry } from "../../../src/fs/ntfs/boot.ts";
import { BootSector } from "../../../src/fs/ntfs/layout.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { SparseSource } from "../../lab/ntfs/packed-images.ts";
import { buildNtfs, layNtfs } from "../../lab/ntfs.ts";

const HUGE = 2 ** 45;

/** The geometry of a boot sector with these fields changed, on a volume with room for everything. */
function geometryOf(fields: Partial<Record<keyof typeof BootSector.offsetOf, unknown>>) {
  const bytes = new Uint8Array(512);
  const boot = new BootSector(new DataView(bytes.buffer));
  Object.assign(boot, {
    oemId: "NTFS    ",
    bytesPerSector: 512,
    sectorsPerCluster: 8,
    totalSectors: 2 ** 30,
    mftCluster: 4,
    mftMirrorCluster: 2,
    recordSize: -10,
    indexBlockSize: 1,
    endMarker: 0xaa55,
    ...fields,
  });
  return readGeometry(new SparseSource(HUGE, [{ offset: 0, bytes }]), { add: () => undefined });
}

describe("the geometry of a volume", () => {
  test.each([
    { sectorsPerCluster: 1, clusterSizeBytes: 512 },
    { sectorsPerCluster: 128, clusterSizeBytes: 65_536 },
    { sectorsPerCluster: 0xf8, clusterSizeBytes: 131_072 },
    { sectorsPerCluster: 0xf4, clusterSizeBytes: 2_097_152 },
    { sectorsPerCluster: 0xff, clusterSizeBytes: 1024 },
  ])("$sectorsPerCluster for sectors per cluster means $clusterSizeBytes bytes", (row) => {
    const { sectorsPerCluster, clusterSizeBytes } = row;
    const geometry = geometryOf({ sectorsPerCluster, indexBlockSize: -12 });
    expect(geometry.clusterSizeBytes).toBe(clusterSizeBytes);
    expect(geometry.clusterCount).toBe((2 ** 30 * 512) / clusterSizeBytes);
    expect(geometry.mftOffset).toBe(4 * clusterSizeBytes);
  });

  test.each([
    { stored: 1, sizeBytes: 4096 },
    { stored: 2, sizeBytes: 8192 },
    { stored: -9, sizeBytes: 512 },
    { stored: -10, sizeBytes: 1024 },
    { stored: -12, sizeBytes: 4096 },
  ])("$stored for the size of a record means $sizeBytes bytes", ({ stored, sizeBytes }) => {
    expect(geometryOf({ recordSize: stored }).recordSizeBytes).toBe(sizeBytes);
    expect(() => geometryOf({ indexBlockSize: stored })).not.toThrow();
  });

  test.each([
    { field: "oemId", value: "-FVE-FS-", says: 'does not say "NTFS    "' },
    { field: "endMarker", value: 0, says: "lacks its end marker" },
    { field: "bytesPerSector", value: 0, says: "0 bytes per sector" },
    { field: "bytesPerSector", value: 513, says: "513 bytes per sector" },
    { field: "bytesPerSector", value: 8192, says: "8192 bytes per sector" },
    { field: "sectorsPerCluster", value: 0, says: "0 is no possible number" },
    { field: "sectorsPerCluster", value: 3, says: "3 is no possible number" },
    { field: "sectorsPerCluster", value: 0x81, says: "129 is no possible number" },
    { field: "sectorsPerCluster", value: 0xf3, says: "243 is no possible number" },
    { field: "totalSectors", value: 2 ** 40, says: "claims 1099511627776 sectors" },
    { field: "mftCluster", value: 2 ** 27, says: "mftCluster lies outside" },
    { field: "mftMirrorCluster", value: 2 ** 40, says: "mftMirrorCluster lies outside" },
    { field: "recordSize", value: 0, says: "FILE records of 1 bytes" },
    { field: "recordSize", value: 3, says: "FILE records of 12288 bytes" },
    { field: "recordSize", value: -8, says: "FILE records of 256 bytes" },
    { field: "recordSize", value: -31, says: "FILE records of 2147483648 bytes" },
    { field: "recordSize", value: 127, says: "FILE records of" },
    { field: "indexBlockSize", value: -128, says: "index blocks of" },
    { field: "indexBlockSize", value: 0, says: "index blocks of 1 bytes" },
  ] as const)("with $value for $field is NTFS_BOOT", ({ field, value, says }) => {
    expect(() => geometryOf({ [field]: value })).toThrow(
      expect.objectContaining({
        code: "NTFS_BOOT",
        message: expect.stringContaining(says),
        where: { structure: "NTFS boot sector", offset: BootSector.offsetOf[field] },
      }),
    );
  });

  test("with 2^60 sectors is a number that is too large", () => {
    const bytes = buildNtfs();
    for (const at of [0, bytes.length - 512]) {
      new DataView(bytes.buffer).setBigUint64(at + BootSector.offsetOf.totalSectors, 2n ** 60n, true);
    }
    expect(() => openNtfs(new MemorySource(bytes))).toThrow(
      expect.objectContaining({
        code: "VALUE_TOO_LARGE",
        where: expect.objectContaining({ structure: "NTFS boot sector" }),
      }),
    );
  });
});

describe("a damaged boot sector", () => {
  test.each([512, 4096])(
    "is made up for by its backup, with sectors of %i bytes, and noted",
    (sectorSizeBytes) => {
      const { bytes } = layNtfs({ sectorSizeBytes, recordSizeBytes: 4096, files: { "a.txt": "a" } });
      bytes.fill(0, 0, 512);
      const volume = openNtfs(new MemorySource(bytes));
      expect(volume.find("a.txt")?.sizeBytes).toBe(1);
      expect(volume.findings.map(({ code, where }: Finding) => [code, where.structure])).toEqual([
        ["NTFS_BOOT_DAMAGED", "NTFS boot sector"],
      ]);
    },
  );

  test("without a backup is NTFS_BOOT, and says what is wrong with the first sector", () => {
    const bytes = buildNtfs();
    bytes[3] = 0;
    bytes.fill(0, bytes.length - 512);
    expect(() => openNtfs(new MemorySource(bytes))).toThrow(
      expect.objectContaining({ code: "NTFS_BOOT", where: { structure: "NTFS boot sector", offset: 3 } }),
    );
  });

  test.each([0, 1, 511, 512, 4095, 4096])("of a volume of %i bytes is a typed error", (sizeBytes) => {
    const source = new MemorySource(buildNtfs().subarray(0, sizeBytes));
    expect(() => openNtfs(source)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(OUT_OF_BOUNDS|NTFS_BOOT)$/) }),
    );
  });
});
