// SPDX-License-Identifier: MIT
import { type ByteSource, readBytes } from "../io/index.ts";

interface Magic {
  readonly format: string;
  readonly offset: number;
  readonly bytes: readonly number[];
}

const latin1 = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

/**
 * How the files begin that people keep next to disk images. Each magic is long or odd enough that a boot sector does
 * not have it by chance.
 */
const MAGICS: readonly Magic[] = [
  { format: "qcow", offset: 0, bytes: [...latin1("QFI"), 0xfb] },
  { format: "QED", offset: 0, bytes: latin1("QED\0") },
  { format: "VMDK", offset: 0, bytes: latin1("KDMV") },
  { format: "VMDK", offset: 0, bytes: latin1("COWD") },
  { format: "VMDK descriptor", offset: 0, bytes: latin1("# Disk DescriptorFile") },
  { format: "VDI", offset: 64, bytes: [0x7f, 0x10, 0xda, 0xbe] },
  { format: "Parallels", offset: 0, bytes: latin1("WithoutFreeSpace") },
  { format: "Parallels", offset: 0, bytes: latin1("WithouFreSpacExt") },
  { format: "EnCase (EWF)", offset: 0, bytes: [...latin1("EVF"), 0x09, 0x0d, 0x0a, 0xff, 0x00] },
  { format: "WIM", offset: 0, bytes: latin1("MSWIM\0\0\0") },
  { format: "ISO 9660", offset: 32_769, bytes: latin1("CD001") },
  { format: "gzip", offset: 0, bytes: [0x1f, 0x8b, 0x08] },
  { format: "zip", offset: 0, bytes: [...latin1("PK"), 3, 4] },
  { format: "7z", offset: 0, bytes: [...latin1("7z"), 0xbc, 0xaf, 0x27, 0x1c] },
  { format: "xz", offset: 0, bytes: [0xfd, ...latin1("7zXZ"), 0] },
  { format: "bzip2", offset: 0, bytes: latin1("BZh") },
  { format: "Zstandard", offset: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: "tar", offset: 257, bytes: latin1("ustar") },
  { format: "cabinet", offset: 0, bytes: latin1("MSCF") },
];

/** The name of the format a file is in, where it is one of those that other programs know and vmguest does not. */
export function findForeignFormat(file: ByteSource): string | undefined {
  return MAGICS.find((magic) => hasMagic(file, magic))?.format;
}

function hasMagic(file: ByteSource, { offset, bytes }: Magic): boolean {
  if (offset + bytes.length > file.sizeBytes) return false;
  const found = readBytes(file, offset, bytes.length);
  return bytes.every((byte, index) => byte === found[index]);
}
