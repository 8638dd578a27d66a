// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import { type Folder, incomplete } from "./folder.ts";
import { BLOCK_INPUT_MAX, BLOCK_OUTPUT_MAX, DataHeader } from "./layout.ts";
import type { CabinetPart } from "./part.ts";

/** What is read of the data at once: little for a small folder, of which there may be many; much where it goes on. */
const WINDOW_SIZE_MIN = 4096;
const WINDOW_SIZE_MAX = 524_288;

/** Where a CFDATA is. */
interface BlockPlace {
  readonly part: CabinetPart;
  readonly folder: number;
  /** Position among the blocks of its folder in its cabinet, and offset of its CFDATA. */
  readonly index: number;
  readonly offset: number;
}

/** The header of a CFDATA, which is in order; the cabinet has all of its data. */
export interface DataHead extends BlockPlace {
  /** Offset of the data in its cabinet, and bytes of it. */
  readonly dataOffset: number;
  readonly sizeBytes: number;
  /** Bytes of it unpacked; 0 where the block goes on in the next cabinet. */
  readonly outputSize: number;
  readonly checksum: number;
  /** What the checksum counts of the CFDATA itself: from `cbData` to the end of its reserved area; valid until the next. */
  readonly counted: Uint8Array;
  /** Reads further ranges of the same cabinet. */
  readonly read: Read;
}

/** A CFDATA with its data, which is valid until the next one. */
interface DataPiece extends DataHead {
  readonly data: Uint8Array;
  readonly checksumMatches: boolean;
}

/** A whole block, put together where it was split between two cabinets; `data` is valid until the next one. */
export interface DataBlock {
  readonly data: Uint8Array;
  readonly outputSize: number;
  readonly place: BlockPlace;
  readonly checksumMatches: boolean;
}

/** Reads ranges of one cabinet. */
type Read = (offset: number, length: number) => Uint8Array;

/** The place of a block for an error about it. */
export function whereOf({ part, folder, index, offset }: BlockPlace): Where {
  const structure = `CFDATA ${index} of folder ${folder}`;
  return part.name === undefined ? { structure, offset } : { path: part.name, structure, offset };
}

/**
 * The headers of the blocks of a folder, one after the other, without the data in between; `readerOf` gives what reads
 * a cabinet. Throws CAB_BLOCK and CAB_TRUNCATED.
 */
export function* readHeads(
  folder: Folder,
  readerOf: (part: CabinetPart) => Read = ({ source }) =>
    (offset, length) =>
      readBytes(source, offset, length),
): Generator<DataHead, void> {
  for (const { part, record } of folder.pieces) {
    const read = readerOf(part);
    const headSize = DataHeader.sizeBytes + part.header.dataReserveSize;
    let at = record.dataOffset;
    for (let index = 0; index < record.blockCount; index++) {
      const place = { part, folder: folder.index, index, offset: at };
      const dataOffset = at + headSize;
      if (dataOffset > part.dataEnd) fail("CAB_TRUNCATED", "the cabinet ends before it", place);
      const bytes = read(at, headSize);
      const fields = new DataHeader(new DataView(bytes.buffer, bytes.byteOffset, headSize));
      const { checksum, sizeBytes, outputSize } = fields;
      if (outputSize > BLOCK_OUTPUT_MAX || sizeBytes > BLOCK_INPUT_MAX)
        fail("CAB_BLOCK", `it is to unpack ${sizeBytes} bytes to ${outputSize}`, place);
      if (outputSize === 0 && sizeBytes > 0 && index < record.blockCount - 1)
        fail("CAB_BLOCK", "it goes on in the next cabinet, but is not the last of its own", place);
      if (dataOffset + sizeBytes > part.dataEnd)
        fail("CAB_TRUNCATED", `it has ${sizeBytes} bytes, but the cabinet ends before that`, place);
      yield { ...place, dataOffset, sizeBytes, outputSize, checksum, counted: bytes.subarray(4), read };
      at = dataOffset + sizeBytes;
    }
  }
}

/** Whether the data of a block is what its checksum was made of; true where there is none. */
export function isSound(
  { checksum, counted }: Pick<DataHead, "checksum" | "counted">,
  data: Uint8Array,
): boolean {
  return checksum === 0 || checksumMatches(checksum, counted, data);
}

/** The CFDATA of a folder with their data. */
function* readPieces(folder: Folder): Generator<DataPiece, void> {
  const readerOf = ({ source, dataEnd }: CabinetPart): Read => {
    const window = new Window(source, dataEnd);
    return (offset, length) => window.read(offset, length);
  };
  for (const head of readHeads(folder, readerOf)) {
    const data = head.read(head.dataOffset, head.sizeBytes);
    yield { ...head, data, checksumMatches: isSound(head, data) };
  }
}

/**
 * The whole blocks of a folder, empty ones too. Throws CAB_SET_INCOMPLETE where the first or the rest of one is not
 * here.
 */
export function* readBlocks(folder: Folder): Generator<DataBlock, void> {
  if (folder.startMissing !== undefined) throw incomplete(folder.startMissing, folder);
  let split: DataPiece | undefined;
  for (const piece of readPieces(folder)) {
    const whole = split === undefined ? piece : join(split, piece);
    split = undefined;
    if (whole.outputSize === 0 && whole.data.length > 0) split = { ...whole, data: whole.data.slice() };
    else yield { ...whole, place: whole };
  }
  if (split !== undefined)
    throw incomplete(folder.endMissing ?? "its last block goes on in a next cabinet", folder);
}

function join(first: DataPiece, second: DataPiece): DataPiece {
  const data = new Uint8Array(first.data.length + second.data.length);
  if (data.length > BLOCK_INPUT_MAX)
    fail("CAB_BLOCK", `it has ${data.length} bytes in two cabinets, more than ${BLOCK_INPUT_MAX}`, first);
  data.set(first.data);
  data.set(second.data, first.data.length);
  return { ...second, data, checksumMatches: first.checksumMatches && second.checksumMatches };
}

function fail(code: "CAB_BLOCK" | "CAB_TRUNCATED", message: string, place: BlockPlace): never {
  throw new VmguestError(code, message, whereOf(place));
}

/** Reads ahead in growing steps. */
class Window {
  readonly #source: ByteSource;
  readonly #end: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #sizeBytes = WINDOW_SIZE_MIN;

  constructor(source: ByteSource, end: number) {
    this.#source = source;
    this.#end = end;
  }

  /** A view of a range that ends before the cabinet does. */
  read(offset: number, length: number): Uint8Array {
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      this.#bytes = readBytes(
        this.#source,
        offset,
        Math.min(Math.max(length, this.#sizeBytes), this.#end - offset),
      );
      this.#start = offset;
      this.#sizeBytes = Math.min(this.#sizeBytes * 2, WINDOW_SIZE_MAX);
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}
