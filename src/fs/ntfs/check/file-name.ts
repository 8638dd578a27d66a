// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../../bytes/index.ts";
import { FileName } from "../layout.ts";
import type { NameKey } from "./record-table.ts";

/** A name of a file, as a $FILE_NAME or the key of a directory entry has it. */
export interface StoredName extends NameKey {
  readonly flags: number;
  readonly dataSizeBytes: number;
  readonly name: string;
}

/** The name in a $FILE_NAME value, or undefined where it does not fit. The name itself is decoded when asked for. */
export function readFileName(view: DataView, at = 0): StoredName | undefined {
  if (at + FileName.sizeBytes > view.byteLength) return undefined;
  const stored = new FileName(view, at);
  const { nameLength, namespace } = stored;
  const nameAt = at + FileName.sizeBytes;
  if (nameLength === 0 || nameAt + nameLength * 2 > view.byteLength) return undefined;
  const sizeAt = at + FileName.offsetOf.dataSize;
  return {
    parentRecord: stored.parentRecord,
    parentSequence: stored.parentSequence,
    namespace,
    flags: stored.flags,
    // It may be any nonsense in a stale copy, and is only compared: beyond 2^53 it need not be exact.
    dataSizeBytes: view.getUint32(sizeAt + 4, true) * 2 ** 32 + view.getUint32(sizeAt, true),
    view,
    nameAt,
    nameLengthUnits: nameLength,
    get name() {
      return decodeUtf16(view, nameAt, nameLength * 2);
    },
  };
}
