// SPDX-License-Identifier: MIT
import { encodeUtf16, parseGuid } from "../../../bytes/index.ts";
import { type ByteSource, MemorySource } from "../../../io/index.ts";
import { checksumOf } from "../../vhd/checksum.ts";
import { EPOCH_SECONDS } from "../../vhd/dynamic-header.ts";
import { readFooter } from "../../vhd/footer.ts";
import {
  BAT_ENTRY_SIZE_BYTES,
  DISK_TYPES,
  VhdDynamicHeader,
  VhdFooter,
  VhdParentLocator,
} from "../../vhd/layout.ts";
import { FileSteps } from "../file-steps.ts";
import type { DiskChildOptions } from "../plan-child.ts";

const BLOCK_SIZE_BYTES = 2 * 1024 * 1024;
/** The places that Windows 10 gives them; the relative path comes behind the table. */
const HEADER_OFFSET = VhdFooter.sizeBytes;
const ABSOLUTE_PATH = { offset: 4096, spaceBytes: 4096 };
const TABLE_OFFSET = 8192;
const RELATIVE_PATH_SPACE_BYTES = 65_536;
const ALIGNMENT = 4096;

/** A differencing VHD without any block, over a VHD; in one step. */
export function createVhdChild(parent: ByteSource, options: DiskChildOptions): FileSteps {
  const { footer: ofParent } = readFooter(parent);
  const tableEntryCount = Math.ceil(ofParent.currentSizeBytes / BLOCK_SIZE_BYTES);
  const tableEnd = TABLE_OFFSET + tableEntryCount * BAT_ENTRY_SIZE_BYTES;
  const relativePathOffset = Math.ceil(tableEnd / ALIGNMENT) * ALIGNMENT;
  const file = new FileSteps(new MemorySource(new Uint8Array(0)));

  const footer = footerOf(ofParent, options);
  file.write(0, footer);
  const { relativePath, absolutePath, parentModifiedMs } = options;
  const header = new VhdDynamicHeader(new DataView(new ArrayBuffer(VhdDynamicHeader.sizeBytes)));
  Object.assign(header, {
    cookie: "cxsparse",
    tableOffset: TABLE_OFFSET,
    version: 0x10000,
    tableEntryCount,
    blockSizeBytes: BLOCK_SIZE_BYTES,
    parentUniqueId: ofParent.uniqueId,
    parentTimestamp: parentModifiedMs === undefined ? 0 : timestampOf(parentModifiedMs),
  });
  header.dataOffset.fill(0xff);
  header.parentName.set(parentName(absolutePath ?? relativePath));
  const locators = [
    { code: "W2ku", path: absolutePath, ...ABSOLUTE_PATH },
    { code: "W2ru", path: relativePath, offset: relativePathOffset, spaceBytes: RELATIVE_PATH_SPACE_BYTES },
  ].flatMap(({ path, ...locator }) => (path === undefined ? [] : { ...locator, path: encodeUtf16(path) }));
  for (const [index, { code, path, offset, spaceBytes }] of locators.entries()) {
    const at = VhdDynamicHeader.offsetOf.parentLocators + index * VhdParentLocator.sizeBytes;
    Object.assign(new VhdParentLocator(header.view, at), {
      platformCode: code,
      dataSpace: spaceBytes,
      dataLengthBytes: path.length,
      dataOffset: offset,
    });
    file.write(offset, path);
  }
  header.checksum = checksumOf(header.view, VhdDynamicHeader.offsetOf.checksum);
  file.write(HEADER_OFFSET, new Uint8Array(header.view.buffer));
  // What stands behind the last entry, up to the relative path, is no entry either.
  file.write(TABLE_OFFSET, new Uint8Array(relativePathOffset - TABLE_OFFSET).fill(0xff));
  file.write(relativePathOffset + RELATIVE_PATH_SPACE_BYTES, footer);
  file.endStep();
  return file;
}

/**
 * The parent's footer with an identity of its own. Size, geometry and creator stay: some programs calculate the size of
 * a disk from its geometry or not, by the name of its creator.
 */
function footerOf(ofParent: VhdFooter, { newGuid, now }: DiskChildOptions): Uint8Array {
  const { view } = ofParent;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, VhdFooter.sizeBytes).slice();
  const footer = new VhdFooter(new DataView(bytes.buffer));
  Object.assign(footer, {
    dataOffset: BigInt(HEADER_OFFSET),
    timestamp: timestampOf(now),
    diskType: DISK_TYPES.differencing,
    uniqueId: parseGuid(newGuid()),
  });
  footer.checksum = checksumOf(footer.view, VhdFooter.offsetOf.checksum);
  return bytes;
}

/** Seconds since 2000, for as long as 32 bits have room for them. */
function timestampOf(milliseconds: number): number {
  return Math.min(Math.max(0, Math.floor(milliseconds / 1000) - EPOCH_SECONDS), 0xffff_ffff);
}

/** UTF-16BE, as much of it as there is room for; the locators have the whole path. */
function parentName(path: string): Uint8Array {
  const units = encodeUtf16(path).subarray(0, NAME_SIZE_BYTES_MAX);
  return units.map((_, index) => units[index ^ 1] ?? 0);
}

/** A NUL must follow. */
const NAME_SIZE_BYTES_MAX = 510;
