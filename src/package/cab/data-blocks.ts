// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import type { Folder } from "./folder.ts";
import { BLOCK_INPUT_MAX, BLOCK_OUTPUT_MAX, DataHeader } from "./layout.ts";
import type { CabinetPart } from "./part.ts";

/** What is read of the data at once: little for one small member, much where the reading goes on. */
const WINDOW_SIZE_MIN = 65_536;
const WINDOW_SIZE_MAX = 524_288;

/** Where a CFDATA is. */
export interface BlockPlace {
  readonly part: CabinetPart;
  readonly folder: number;
  /** Position among the blocks of its folder in its cabinet, and offset of its CFDATA. */
  readonly index: number;
  readonly offset: number;
}

/** A CFDATA that was read: its header is in order, its checksum was looked at. */
export interface DataPiece extends BlockPlace {
  readonly data: Uint8Array;
  /** Offset of the data in its cabinet. */
  readonly dataOffset: number;
  /** 0 where the block goes on in the next cabinet. */
  readonly outputSize: number;
  readonly checksumMatches: boolean;
}

/** A whole block, put together where it was split between two cabinets; `data` is valid until the next one. */
export interface DataBlock {
  readonly data: Uint8Array;
  readonly outputSize: number;
  readonly place: BlockPlace;
  readonly checksumMatches: boolean;
}

/** The place of a block for an error about it. */
export function whereOf({ part, folder, index, offset }: BlockPlace): Where {
  const structure = `CFDATA ${index} of folder ${folder}`;
  return part.name === undefined ? { structure, offset } : { path: part.name, structure, offset };
}

/** The CFDATA of a folder, one after the other. Throws CAB_BLOCK and CAB_TRUNCATED. */
export function* readPieces(folder: Folder): Generator<DataPiece, void> {
  for (const { part, record } of folder.pieces) {
    const window = new Window(part.source, part.dataEnd);
    const headSize = DataHeader.sizeBytes + part.header.dataReserveSize;
    let at = record.dataOffset;
    for (let index = 0; index < record.blockCount; index++) {
      const place = { part, folder: folder.index, index, offset: at };
      const head = window.read(at, headSize) ?? fail("CAB_TRUNCATED", "the cabinet ends before it", place);
      const { checksum, sizeBytes, outputSize } = new DataHeader(
        new DataView(head.buffer, head.byteOffset, head.length),
      );
      if (outputSize > BLOCK_OUTPUT_MAX || sizeBytes > BLOCK_INPUT_MAX)
        fail("CAB_BLOCK", `it is to unpack ${sizeBytes} bytes to ${outputSize}`, place);
      if (outputSize === 0 && sizeBytes > 0 && index < record.blockCount - 1)
        fail("CAB_BLOCK", "it goes on in the next cabinet, but is not the last of its own", place);
      const dataOffset = at + headSize;
      const data =
        window.read(dataOffset, sizeBytes) ??
        fail("CAB_TRUNCATED", `it has ${sizeBytes} bytes, but the cabinet ends before that`, place);
      const matches = checksum === 0 || checksumMatches(checksum, head.subarray(4), data);
      yield { ...place, data, dataOffset, outputSize, checksumMatches: matches };
      at = dataOffset + sizeBytes;
    }
  }
}

/** The whole blocks of a folder. Throws CAB_SET_INCOMPLETE where the first or the rest of one is not here. */
export function* readBlocks(folder: Folder): Generator<DataBlock, void> {
  if (folder.startMissing !== undefined) throw incomplete(folder.startMissing, folder);
  let split: DataPiece | undefined;
  for (const piece of readPieces(folder)) {
    const whole = split === undefined ? piece : join(split, piece);
    split = undefined;
    if (whole.outputSize > 0) yield { ...whole, place: whole };
    else if (whole.data.length > 0) split = { ...whole, data: whole.data.slice() };
  }
  if (split !== undefined)
    throw incomplete(folder.endMissing ?? "its last block goes on in a next cabinet", folder);
}

/** Tells that data of a folder is in a cabinet which is not here. */
export function incomplete(reason: string, { index }: Folder): VmguestError {
  return new VmguestError("CAB_SET_INCOMPLETE", reason, { structure: `folder ${index}` });
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

  /** A view of a range, or undefined where it reaches past the end of the cabinet. */
  read(offset: number, length: number): Uint8Array | undefined {
    if (offset + length > this.#end) return undefined;
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
