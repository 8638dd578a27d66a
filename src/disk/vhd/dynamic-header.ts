// SPDX-License-Identifier: MIT
import { decodeUtf16, decodeUtf16be, toSafeNumber } from "../../bytes/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import {
  PARENT_LOCATOR_COUNT,
  SECTOR_SIZE_BYTES,
  VhdDynamicHeader,
  type VhdFooter,
  VhdParentLocator,
} from "./layout.ts";

const MAJOR_VERSION = 1;
/** UTF-16 paths of Windows have 32,767 characters at most. */
const PARENT_PATH_SIZE_BYTES_MAX = 65_536;
/** Platform codes whose path is UTF-16LE. */
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

/** The paths under which a differencing disk looks for its parent; a damaged spelling is left out. */
export function readParentPaths(file: ByteSource, header: VhdDynamicHeader): string[] {
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
  return [...locators.map((locator) => pathOf(file, locator)), name]
    .map((path) => path.replace(/\0.*$/s, ""))
    .filter((path) => path !== "");
}

function pathOf(file: ByteSource, locator: InstanceType<typeof VhdParentLocator>): string {
  if (!WINDOWS_PATH_CODES.includes(locator.platformCode)) return "";
  const { dataLengthBytes } = locator;
  const high = locator.view.getUint32(locator.at + VhdParentLocator.offsetOf.dataOffset);
  if (high >= 2 ** 21 || dataLengthBytes > PARENT_PATH_SIZE_BYTES_MAX) return "";
  if (locator.dataOffset + dataLengthBytes > file.sizeBytes) return "";
  return decodeUtf16(file.read(locator.dataOffset, dataLengthBytes), 0, dataLengthBytes);
}

function headerError(offset: number, message: string): VmguestError {
  return new VmguestError("VHD_HEADER_INVALID", message, { structure: VhdDynamicHeader.structName, offset });
}
