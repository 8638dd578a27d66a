// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../bytes/index.ts";
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type ByteSource, copyBytes } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import { DISK_TYPES, SHORT_FOOTER_SIZE_BYTES, VhdFooter } from "./layout.ts";

const COOKIE = "conectix";

export interface LocatedFooter {
  readonly footer: VhdFooter;
  /** Offset of the copy that was used. */
  readonly offset: number;
  /** Where the blocks of the disk end: at the footer, or where it should be. */
  readonly dataEnd: number;
  readonly findings: readonly Finding[];
}

/** Whether a footer stands at the end of the file or a copy of it at the start, sound or not. */
export function isVhd(file: ByteSource): boolean {
  return footerOffsetAtEnd(file) !== undefined || hasCookie(file, 0);
}

/**
 * The footer in force: the one at the end of the file, or where that is damaged or cut off, its copy at the start.
 *
 * Only dynamic disks have the copy. What stands at the start of a fixed disk was written by the guest, so a "copy"
 * that speaks of a fixed disk is not believed.
 */
export function readFooter(file: ByteSource): LocatedFooter {
  const endOffset = footerOffsetAtEnd(file);
  if (endOffset === undefined && !hasCookie(file, 0)) {
    throw new VmguestError("VHD_NOT", "no footer at the end of the file and no copy at its start");
  }
  const dataEnd = endOffset ?? file.sizeBytes;
  if (endOffset !== undefined) {
    const footer = footerAt(file, endOffset);
    if (isSound(footer)) return { footer, offset: endOffset, dataEnd, findings: [] };
  }
  const fault = endOffset === undefined ? "is missing" : "has a wrong checksum";
  const where = { structure: VhdFooter.structName, offset: dataEnd };
  const copy = hasCookie(file, 0) ? footerAt(file, 0) : undefined;
  if (copy === undefined || !isSound(copy) || copy.diskType === DISK_TYPES.fixed) {
    throw new VmguestError(
      "VHD_FOOTER_INVALID",
      `the footer ${fault}, and there is no sound copy at the start of the file`,
      where,
    );
  }
  const message = `the footer ${fault}; its copy at the start of the file was used`;
  return { footer: copy, offset: 0, dataEnd, findings: [finding("VHD_FOOTER_DAMAGED", message, where)] };
}

function footerOffsetAtEnd(file: ByteSource): number | undefined {
  const offsets = [VhdFooter.sizeBytes, SHORT_FOOTER_SIZE_BYTES].map((size) => file.sizeBytes - size);
  return offsets.find((offset) => hasCookie(file, offset));
}

function hasCookie(file: ByteSource, offset: number): boolean {
  if (offset < 0 || offset + SHORT_FOOTER_SIZE_BYTES > file.sizeBytes) return false;
  return decodeLatin1(file.read(offset, COOKIE.length), 0, COOKIE.length) === COOKIE;
}

/** The footer at `offset`; the byte that a short one lacks is reserved and taken as zero. */
function footerAt(file: ByteSource, offset: number): VhdFooter {
  const bytes = new Uint8Array(VhdFooter.sizeBytes);
  bytes.set(copyBytes(file, offset, Math.min(VhdFooter.sizeBytes, file.sizeBytes - offset)));
  return new VhdFooter(new DataView(bytes.buffer));
}

function isSound(footer: VhdFooter): boolean {
  return checksumMatches(footer.view, VhdFooter.offsetOf.checksum);
}
