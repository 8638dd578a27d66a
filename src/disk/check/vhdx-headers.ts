// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../bytes/index.ts";
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { checksumMatches } from "../vhdx/checksum.ts";
import { HEADER_OFFSETS, VhdxHeader } from "../vhdx/layout.ts";
import { firstNonZero } from "./zeros.ts";

/** Both headers, as far as they are sound: which one is not, and that none is, the reader says. */
export function* checkHeaders(file: ByteSource): Generator<Finding> {
  const sound = HEADER_OFFSETS.flatMap((offset) => {
    const header = new VhdxHeader(file.read(offset, VhdxHeader.sizeBytes));
    return header.signature === "head" && checksumMatches(header.view) ? [{ header, offset }] : [];
  });
  for (const { header, offset } of sound) {
    const where = { structure: VhdxHeader.structName, offset };
    const dirty = firstNonZero(header.reserved);
    if (dirty !== undefined) {
      const at = VhdxHeader.offsetOf.reserved + dirty;
      yield finding("VHDX_RESERVED", `byte ${at} of the header is reserved, but not zero`, where);
    }
    if (header.fileWriteGuid === ZERO_GUID || header.dataWriteGuid === ZERO_GUID) {
      yield finding("VHDX_IDENTITY", "the GUID of its last write is zero", where);
    }
  }
  const [first, second] = sound;
  if (first === undefined || second === undefined || placeOfLog(first) === placeOfLog(second)) return;
  const message = `the first places the log ${placeOfLog(first)}, the second ${placeOfLog(second)}`;
  yield finding("VHDX_HEADERS_DIFFER", message, {
    structure: VhdxHeader.structName,
    offset: second.offset,
  });
}

/** In words, and without going through a number: a wild offset is no reason to stop here. */
function placeOfLog({ header }: { header: VhdxHeader }): string {
  const offset = header.view.getBigUint64(header.at + VhdxHeader.offsetOf.logOffset, true);
  return `at 0x${offset.toString(16)} with ${header.logLengthBytes} bytes`;
}
