// SPDX-License-Identifier: MIT
import { decodeUtf16, decodeUtf16be, toSafeNumber } from "../../bytes/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { ParentReference } from "../disk.ts";
import { checksumMatches } from "./checksum.ts";
import {
  PARENT_LOCATOR_COUNT,
  SECTOR_SIZE_BYTES,
  VhdDynamicHeader,
  type VhdFooter,
  VhdParentLocator,
} from "./layout.ts";

const MAJOR_VERSION = 1;
/** Times of the format count from 2000-01-01 00:00 UTC: this many seconds after 1970. */
export const EPOCH_SECONDS = Date.UTC(2000, 0, 1) / 1000;
/** UTF-16 paths of Windows have 32,767 characters at most. */
const PARENT_PATH_SIZE_BYTES_MAX = 65_536;
/** Platform codes whose path is UTF-16LE: the relative path, which is to be tried first, and the absolute one. */
const WINDOWS_PATH_CODES = ["W2ru", "W2ku"];

/** The header of a dynamic or differencing disk, checked. */
export function readDynamicHeader(
  file: ByteSource,
  footer: VhdFooter,
): { header: VhdDynamicHeader; offset: number } {
  const offset = locate({ structure: "VHD footer" }, () => toSafeNumber(footer.dataOffset));
  if (offset + VhdDynamicHeader.sizeBytes > file.sizeBytes) {
    throw headerError(offset, "it lies past the end of the file");
  }
  const header = new VhdDynamicHeader(file.read(offset, VhdDynamicHeader.sizeBytes));
  if (header.cookie !== "cxsparse") throw headerError(offset, "the cookie is missing");
  if (!checksumMatches(header.view, VhdDynamicHeader.offsetOf.checksum)) {
    throw headerError(offset, "the checksum does not match");
  }
  if (header.version >>> 16 !== MAJOR_VERSION) {
    throw headerError(offset, `the version is 0x${header.version.toString(16)}`);
  }
  const { blockSizeBytes } = header;
  if (blockSizeBytes < SECTOR_SIZE_BYTES || !Number.isInteger(Math.log2(blockSizeBytes))) {
    throw new VmguestError(
      "VHD_PARAMETERS",
      `the block size is ${blockSizeBytes}, not a power of two from 512`,
      {
        structure: VhdDynamicHeader.structName,
        offset: offset + VhdDynamicHeader.offsetOf.blockSizeBytes,
      },
    );
  }
  return { header, offset };
}

/** The parent as the header of a differencing disk describes it; none of the paths has been looked at. */
export function readParentReference(
  file: ByteSource,
  header: VhdDynamicHeader,
  offset: number,
): ParentReference {
  return {
    names: readParentNames(file, header),
    identities: [formatUniqueId(header.parentUniqueId)],
    modifiedSeconds: header.parentTimestamp === 0 ? undefined : EPOCH_SECONDS + header.parentTimestamp,
    where: { structure: VhdDynamicHeader.structName, offset },
  };
}

/** The unique id of a disk as text: its 16 bytes in the order of the file, grouped as those of a GUID. */
export function formatUniqueId(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The paths of the locators, relative ones first, then the name in the header; a damaged spelling is left out. */
function readParentNames(file: ByteSource, header: VhdDynamicHeader): string[] {
  const { parentName } = header;
  const name = decodeUtf16be(
    new DataView(parentName.buffer, parentName.byteOffset),
    0,
    parentName.byteLength,
  );
  const locators = Array.from({ length: PARENT_LOCATOR_COUNT }, (_, index) => {
    const at = VhdDynamicHeader.offsetOf.parentLocators + index * VhdParentLocator.sizeBytes;
    return new VhdParentLocator(header.view, at);
  });
  const paths = WINDOWS_PATH_CODES.flatMap((code) =>
    locators.filter(({ platformCode }) => platformCode === code).map((locator) => pathOf(file, locator)),
  );
  return [...paths, name].map((path) => path.replace(/\0.*$/s, "")).filter((path) => path !== "");
}

function pathOf(file: ByteSource, locator: InstanceType<typeof VhdParentLocator>): string {
  const { dataLengthBytes } = locator;
  const high = locator.view.getUint32(locator.at + VhdParentLocator.offsetOf.dataOffset);
  if (high >= 2 ** 21 || dataLengthBytes > PARENT_PATH_SIZE_BYTES_MAX) return "";
  if (locator.dataOffset + dataLengthBytes > file.sizeBytes) return "";
  return decodeUtf16(file.read(locator.dataOffset, dataLengthBytes), 0, dataLengthBytes);
}

function headerError(offset: number, message: string): VmguestError {
  return new VmguestError("VHD_HEADER_INVALID", message, { structure: VhdDynamicHeader.structName, offset });
}
