// SPDX-License-Identifier: MIT
// Makes a library of many images out of a few: sparse copies with identities of their own, some of them damaged.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../dist/bytes/index.js";

/** The two headers of a VHDX (MS-VHDX 2.2.2): offset and size in the file, then of the fields in them. */
const HEADER_OFFSETS = [0x10000, 0x20000];
const HEADER_SIZE = 4096;
const CHECKSUM_OFFSET = 4;
const GUIDS = { offset: 16, size: 32 };

/** Its two region tables (2.2.3), one behind the other. */
const REGION_TABLES_OFFSET = 0x30000;
const REGION_TABLE_SIZE = 0x10000;

/** What is done to the damaged ones, in turn. */
const DAMAGES = [
  (path) => truncateSync(path, 0),
  (path) => truncateSync(path, 100_000),
  (path) => writeFileSync(path, "this is a text, whatever its name says\n"),
  (path) => overwrite(path, HEADER_OFFSETS[0], randomBytes(2 * HEADER_OFFSETS[0])),
  (path) => overwrite(path, REGION_TABLES_OFFSET, randomBytes(2 * REGION_TABLE_SIZE)),
  (path) => truncateSync(path, 3 * 1024 * 1024),
  // Blocks that are said to be there, but behind the end of any file.
  (path) => overwrite(path, 0x200000, Buffer.alloc(0x100000, 0xee)),
];

function overwrite(path, offset, bytes) {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, offset);
  closeSync(descriptor);
}

/** Gives a VHDX a FileWriteGuid and a DataWriteGuid of its own, in both headers. */
export function changeIdentity(path) {
  const guids = randomBytes(GUIDS.size);
  const descriptor = openSync(path, "r+");
  for (const offset of HEADER_OFFSETS) {
    const header = Buffer.alloc(HEADER_SIZE);
    readSync(descriptor, header, 0, HEADER_SIZE, offset);
    guids.copy(header, GUIDS.offset);
    header.writeUInt32LE(0, CHECKSUM_OFFSET);
    header.writeUInt32LE(crc32c(header), CHECKSUM_OFFSET);
    writeSync(descriptor, header, 0, HEADER_SIZE, offset);
  }
  closeSync(descriptor);
}

/** The images of a folder that a library can be made of. */
export function guestsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".vhdx"))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Fills `folder` with `count` images made of `guests` in turn, one in `imagesPerDamaged` of them damaged; gives the paths
 * of all, and of those that are damaged.
 */
export function makeLibrary(guests, count, folder, imagesPerDamaged = 100) {
  const damaged = [];
  const paths = Array.from({ length: count }, (_, index) => {
    const path = join(folder, `${String(index).padStart(5, "0")}.vhdx`);
    const { status } = spawnSync("cp", [
      "--sparse=always",
      "--reflink=auto",
      guests[index % guests.length],
      path,
    ]);
    if (status !== 0) throw new Error(`${path} could not be copied`);
    changeIdentity(path);
    if (index % imagesPerDamaged === imagesPerDamaged - 1) {
      DAMAGES[damaged.length % DAMAGES.length](path);
      damaged.push(path);
    }
    return path;
  });
  return { paths, damaged };
}
