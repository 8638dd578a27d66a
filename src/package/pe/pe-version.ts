// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { readImage } from "./image.ts";
import { CHARACTERISTICS, FixedFileInfo } from "./layout.ts";
import { parseVersionInfo } from "./version-info.ts";
import { readVersionResource } from "./version-resource.ts";

/** The processor that an image is for. */
export type PeMachine = "x86" | "x64" | "arm64" | "arm" | "ia64" | "unknown";

/** What an image is by its version resource. */
export type PeFileType = "application" | "dll" | "driver" | "unknown";

/** What a PE image says about itself. */
export interface PeVersion {
  /** Four numbers, `6.3.9600.19456`: the fixed file version, which is what Windows compares. */
  readonly fileVersion: string;
  /** Four numbers: the fixed product version. */
  readonly productVersion: string;
  /** File version as text for people, `6.3.9600.19456 (winblue_ltsb.190810-0600)`; never to be compared. */
  readonly fileVersionText: string | undefined;
  /** Where in the file the numbers stand: VS_FIXEDFILEINFO. */
  readonly fixedInfo: { readonly offset: number; readonly sizeBytes: number };
  readonly machine: PeMachine;
  /** Whether the image is linked as a DLL; the drivers of Windows are not. */
  readonly isDll: boolean;
  readonly fileType: PeFileType;
}

/** `PeHeader.machine` (PE format, "Machine Types"). */
const MACHINES: ReadonlyMap<number, PeMachine> = new Map([
  [0x014c, "x86"],
  [0x8664, "x64"],
  [0xaa64, "arm64"],
  [0x01c0, "arm"],
  [0x01c4, "arm"],
  [0x0200, "ia64"],
]);

/** `FixedFileInfo.fileType`. */
const FILE_TYPES: ReadonlyMap<number, PeFileType> = new Map([
  [1, "application"],
  [2, "dll"],
  [3, "driver"],
]);

/**
 * Reads the version of a driver, DLL or program from its headers and its version resource, and nothing else of it:
 * as a rule two pages of 4 KiB.
 *
 * Throws PE_NOT, PE_TRUNCATED, PE_NO_VERSION or LIMIT_EXCEEDED, and whatever reading `source` throws.
 */
export function readPeVersion(source: ByteSource): PeVersion {
  const image = readImage(source);
  const { bytes, offset } = readVersionResource(image);
  const { fixed, fixedOffset, fileVersionText } = parseVersionInfo(bytes, offset);
  return {
    fileVersion: formatVersion(fixed.fileVersionHigh, fixed.fileVersionLow),
    productVersion: formatVersion(fixed.productVersionHigh, fixed.productVersionLow),
    fileVersionText,
    fixedInfo: { offset: fixedOffset, sizeBytes: FixedFileInfo.sizeBytes },
    machine: MACHINES.get(image.machine) ?? "unknown",
    isDll: (image.characteristics & CHARACTERISTICS.dll) !== 0,
    fileType: FILE_TYPES.get(fixed.fileType) ?? "unknown",
  };
}

function formatVersion(high: number, low: number): string {
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join(".");
}
