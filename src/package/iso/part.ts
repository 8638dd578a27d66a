// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";

/** A range of the image, or DISC_TRUNCATED where it is not all there. */
export function readPart(source: ByteSource, structure: string, offset: number, sizeBytes: number): DataView {
  checkPart(source, structure, offset, sizeBytes);
  return source.read(offset, sizeBytes);
}

/** The check alone. */
export function checkPart(source: ByteSource, structure: string, offset: number, sizeBytes: number): void {
  if (offset + sizeBytes <= source.sizeBytes) return;
  const end = `0x${source.sizeBytes.toString(16)}`;
  throw new VmguestError("DISC_TRUNCATED", `${sizeBytes} bytes are needed, but the image ends at ${end}`, {
    structure,
    offset,
  });
}
