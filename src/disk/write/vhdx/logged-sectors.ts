// SPDX-License-Identifier: MIT
import { type ByteSource, type Change, copyBytes } from "../../../io/index.ts";
import { LOG_SECTOR_SIZE_BYTES } from "../../vhdx/layout.ts";

/** Changes of a VHDX's own structures, gathered in whole sectors as its log takes them. */
export class LoggedSectors {
  readonly #file: ByteSource;
  readonly #sectors = new Map<number, Uint8Array>();

  constructor(file: ByteSource) {
    this.#file = file;
  }

  /** The sectors from `offset` on, free to be changed; the range must not cross a boundary of sectors. */
  open(offset: number, length: number): Uint8Array {
    const start = offset - (offset % LOG_SECTOR_SIZE_BYTES);
    const sector = this.#sectors.get(start) ?? copyBytes(this.#file, start, LOG_SECTOR_SIZE_BYTES);
    this.#sectors.set(start, sector);
    return sector.subarray(offset - start, offset - start + length);
  }

  /** The sectors that are not as they were in the file. */
  changes(): Change[] {
    return [...this.#sectors]
      .sort(([a], [b]) => a - b)
      .map(([offset, bytes]) => ({ offset, bytes }))
      .filter(({ offset, bytes }) => {
        return Buffer.compare(bytes, copyBytes(this.#file, offset, bytes.length)) !== 0;
      });
  }
}
