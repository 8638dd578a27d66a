// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { VhdImage, vhdOf } from "../lab/vhd.ts";
import { VhdxImage } from "../lab/vhdx.ts";

const MIB = 1024 * 1024;
const open = (bytes: Uint8Array) => openDisk(new MemorySource(bytes));
const filled = (sizeBytes: number) => new Uint8Array(sizeBytes).fill(0x5a);

function withMagic(offset: number, magic: string): Uint8Array {
  const bytes = filled(64 * 1024);
  bytes.set(Buffer.from(magic, "latin1"), offset);
  return bytes;
}

describe("what an image is, its bytes tell:", () => {
  const cutVhd = () => {
    const image = new VhdImage({ virtualSizeBytes: MIB });
    return image.bytes.subarray(0, image.footerOffset);
  };
  test.each([
    { what: "a VHDX", bytes: new VhdxImage({ virtualSizeBytes: MIB }).toBytes(), format: "vhdx" },
    { what: "a dynamic VHD", bytes: new VhdImage({ virtualSizeBytes: MIB }).bytes, format: "vhd" },
    { what: "a fixed VHD", bytes: vhdOf(filled(4096), { diskType: 2 }).bytes, format: "vhd" },
    {
      what: "a VHD with a footer of 511 bytes",
      bytes: vhdOf(filled(4096), { diskType: 2 }).bytes.subarray(0, -1),
      format: "vhd",
    },
    { what: "a VHD whose footer was cut off", bytes: cutVhd(), format: "vhd" },
    { what: "anything else: a raw disk", bytes: filled(4096), format: "raw" },
    { what: "a single byte: a raw disk", bytes: filled(1), format: "raw" },
    { what: "a boot sector that begins with the letters QF", bytes: withMagic(0, "QF"), format: "raw" },
  ])("$what", ({ bytes, format }) => {
    expect(open(bytes).format).toBe(format);
  });

  test.each([
    { format: "qcow", bytes: withMagic(0, "QFI\u00fb\0\0\0\u0003") },
    { format: "QED", bytes: withMagic(0, "QED\0") },
    { format: "VMDK", bytes: withMagic(0, "KDMV\u0001\0\0\0") },
    { format: "VMDK", bytes: withMagic(0, "COWD") },
    { format: "VMDK descriptor", bytes: withMagic(0, "# Disk DescriptorFile\nversion=1\n") },
    { format: "VDI", bytes: withMagic(64, "\u007f\u0010\u00da\u00be") },
    { format: "Parallels", bytes: withMagic(0, "WithoutFreeSpace") },
    { format: "Parallels", bytes: withMagic(0, "WithouFreSpacExt") },
    { format: "EnCase (EWF)", bytes: withMagic(0, "EVF\t\r\n\u00ff\0") },
    { format: "WIM", bytes: withMagic(0, "MSWIM\0\0\0") },
    { format: "ISO 9660", bytes: withMagic(32_769, "CD001") },
    { format: "gzip", bytes: withMagic(0, "\u001f\u008b\u0008") },
    { format: "zip", bytes: withMagic(0, "PK\u0003\u0004") },
    { format: "7z", bytes: withMagic(0, "7z\u00bc\u00af\u0027\u001c") },
    { format: "xz", bytes: withMagic(0, "\u00fd7zXZ\0") },
    { format: "bzip2", bytes: withMagic(0, "BZh9") },
    { format: "Zstandard", bytes: withMagic(0, "\u0028\u00b5\u002f\u00fd") },
    { format: "tar", bytes: withMagic(257, "ustar\0") },
    { format: "cabinet", bytes: withMagic(0, "MSCF") },
  ])("a $format file is refused by name", ({ format, bytes }) => {
    expect(() => open(bytes)).toThrow(
      expect.objectContaining({ code: "DISK_FORMAT_FOREIGN", message: `the file is in ${format} format` }),
    );
  });

  test("an empty file is IMAGE_EMPTY", () => {
    expect(() => open(new Uint8Array(0))).toThrow(expect.objectContaining({ code: "IMAGE_EMPTY" }));
  });

  test("a damaged VHDX or VHD is an error, not a raw disk", () => {
    const vhdx = new VhdxImage({ virtualSizeBytes: MIB }).toBytes().fill(0, 64 * 1024, 192 * 1024);
    const vhd = vhdOf(filled(4096), { diskType: 2 });
    vhd.bytes[vhd.footerOffset + 60] = 0xee;
    expect(() => open(vhdx)).toThrow(expect.objectContaining({ code: "VHDX_HEADERS_INVALID" }));
    expect(() => open(vhd.bytes)).toThrow(expect.objectContaining({ code: "VHD_FOOTER_INVALID" }));
  });
});

test("a raw disk is its file, byte for byte", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index * 7);
  const disk = open(bytes);
  expect(disk).toMatchObject({
    format: "raw",
    kind: "fixed",
    sizeBytes: 5000,
    logicalSectorSizeBytes: 512,
    logState: "clean",
    dataWriteGuid: undefined,
    findings: [],
  });
  expect(readBytes(disk, 1234, 3000)).toEqual(bytes.subarray(1234, 4234));
});

describe("reading any disk", () => {
  const huge = 128 * MIB;
  const disks = [
    open(filled(huge)),
    openDisk(new VhdxImage({ virtualSizeBytes: huge })),
    open(new VhdImage({ virtualSizeBytes: huge }).bytes),
  ];

  test.each(disks)("refuses lengths that nobody needs, as a $format", (disk) => {
    expect(disk.read(0, 64 * MIB).byteLength).toBe(64 * MIB);
    expect(() => disk.read(0, 64 * MIB + 1)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
  });

  test.each(disks)("refuses what lies past the end, as a $format, but reads nothing there", (disk) => {
    for (const [offset, length] of [
      [-1, 1],
      [huge, 1],
      [huge - 1, 2],
      [0, -1],
    ] as const) {
      expect(() => disk.read(offset, length)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
    }
    expect(disk.read(huge, 0).byteLength).toBe(0);
  });

  test.each(disks.slice(1))("gives views of zeros that are nobody else's, as a $format", (disk) => {
    disk.read(0, 16).setUint8(0, 1);
    expect(disk.read(0, 16).getUint8(0)).toBe(0);
  });
});
