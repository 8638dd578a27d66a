// SPDX-License-Identifier: MIT
import { MIB } from "../../src/disk/vhdx/layout.ts";
import { VhdxImage, VhdxLog } from "../lab/vhdx.ts";

/** Bytes of a sector of the log. */
export const SECTOR = 4096;

/** A sector full of one byte. */
export const filled = (byte: number) => new Uint8Array(SECTOR).fill(byte);

/** A disk of 2 MiB whose two blocks are there, filled with 0x11 and 0x22. */
export function plainImage(logLengthBytes = MIB): VhdxImage {
  const blocks = new Map([0x11, 0x22].map((byte, block) => [block, new Uint8Array(MIB).fill(byte)]));
  return new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks, logLengthBytes });
}

/** The image as it is; a test that changes one makes its own. */
export const image = plainImage();

/** File offset of a sector of the disk, whose blocks stand one behind the other. */
export const at = (sector: number) => image.batOffset + MIB + sector * SECTOR;

/** An empty log for the image. */
export const logOf = (options = {}) => new VhdxLog(image.sizeBytes, options);
