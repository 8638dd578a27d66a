// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16 } from "../bytes/index.ts";
import { type Code, VmguestError } from "../errors.ts";
import type { ByteSource, Origin } from "../io/index.ts";
import { BASE_BLOCK_SIZE, BinHeader, CellHeader, NO_OFFSET } from "./layout.ts";

const CELL_ALIGNMENT = 8;

/** Windows NT 3.1 put the offset of the previous cell behind a cell's size, and had no flags for names yet. */
const OLD_CELLS_MINOR = 1;
const PREVIOUS_CELL_SIZE = 4;

/**
 * The cells of a hive, opened one by one as something refers to them: no list of cells is ever made.
 *
 * Opening a cell costs one small read. It proves that the cell lies inside the bins, is allocated and has a possible
 * size. Whether it crosses the end of its own bin cannot be seen from there: that takes a walk over all bins, and what
 * looks like the next bin's header may be left over in the unused end of a cell.
 */
export class CellStore {
  readonly #source: ByteSource;
  /** Size of all bins that are really in the file. */
  readonly binsSize: number;
  /** Of the format; some structures depend on it. */
  readonly minorVersion: number;
  /** Whether keys and values say how their names are stored; else all names are UTF-16. */
  readonly hasNameFlags: boolean;
  readonly #headerSizeBytes: number;

  constructor(source: ByteSource, binsSize: number, minorVersion: number) {
    this.#source = source;
    this.binsSize = Math.min(binsSize, source.sizeBytes - BASE_BLOCK_SIZE);
    this.minorVersion = minorVersion;
    this.hasNameFlags = minorVersion > OLD_CELLS_MINOR;
    this.#headerSizeBytes = CellHeader.sizeBytes + (minorVersion > OLD_CELLS_MINOR ? 0 : PREVIOUS_CELL_SIZE);
  }

  /** The cell at an offset from the first bin; `structure` is what it should hold, for the error. */
  open(cell: number, structure: string): Cell {
    const fail = (message: string) =>
      new VmguestError("REGF_CELL", message, { structure, offset: fileOffset(cell) });

    if (cell === NO_OFFSET) throw new VmguestError("REGF_CELL", `there is no ${structure}`, { structure });
    if (cell % CELL_ALIGNMENT !== 0) throw fail("the cell is not aligned to 8 bytes");
    if (cell < BinHeader.sizeBytes || cell + CELL_ALIGNMENT > this.binsSize) {
      throw fail(`the cell lies outside the bins, which end at 0x${fileOffset(this.binsSize).toString(16)}`);
    }
    const header = new CellHeader(this.#source.read(fileOffset(cell), CellHeader.sizeBytes));
    const sizeBytes = -header.size;
    if (sizeBytes <= 0) throw fail("the cell is not allocated");
    if (sizeBytes % CELL_ALIGNMENT !== 0 || cell + sizeBytes > this.binsSize) {
      throw fail(`the cell has an impossible size of ${sizeBytes} bytes`);
    }
    return new Cell(
      this.#source,
      fileOffset(cell),
      { sizeBytes, headerSizeBytes: this.#headerSizeBytes },
      structure,
    );
  }
}

/** Size of a whole cell, and how much of it comes before the content. */
interface CellSize {
  readonly sizeBytes: number;
  readonly headerSizeBytes: number;
}

/** The content of one allocated cell. */
export class Cell {
  readonly #source: ByteSource;
  /** Byte offset of the cell in the hive file. */
  readonly offset: number;
  /** Size of the content: what was asked for when the cell was allocated, rounded up. */
  readonly sizeBytes: number;
  /** What the cell should hold. */
  readonly structure: string;
  readonly #headerSizeBytes: number;

  constructor(
    source: ByteSource,
    offset: number,
    { sizeBytes, headerSizeBytes }: CellSize,
    structure: string,
  ) {
    this.#source = source;
    this.offset = offset;
    this.sizeBytes = sizeBytes - headerSizeBytes;
    this.structure = structure;
    this.#headerSizeBytes = headerSizeBytes;
  }

  /** The two letters that most structures begin with; every cell has room for them. */
  get signature(): number {
    return this.read(0, 2).getUint16(0, true);
  }

  /** A read-only view of a part of the content. */
  read(at: number, length: number): DataView {
    if (at + length > this.sizeBytes) {
      throw this.error("REGF_CELL", `${at + length} bytes are needed, but the cell holds ${this.sizeBytes}`);
    }
    return this.#source.read(this.offset + this.#headerSizeBytes + at, length);
  }

  /** Where a part of the content stands in a file of the host; undefined where it is in no one piece there. */
  originOf(at: number, length: number): Origin | undefined {
    if (at + length > this.sizeBytes) return undefined;
    return this.#source.originOf?.(this.offset + this.#headerSizeBytes + at, length);
  }

  /** The error that says what is wrong with what the cell holds. */
  error(code: Code, message: string): VmguestError {
    return new VmguestError(code, message, { structure: this.structure, offset: this.offset });
  }
}

function fileOffset(cell: number): number {
  return BASE_BLOCK_SIZE + cell;
}

/** A name inside a cell: Latin-1 where the flags of its owner say that it is compressed, else UTF-16. */
export function readName(cell: Cell, at: number, length: number, isCompressed: boolean): string {
  const view = cell.read(at, length);
  return isCompressed ? decodeLatin1(view, 0, length) : decodeUtf16(view, 0, length);
}
