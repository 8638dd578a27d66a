// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { CabinetHeader, FolderEntry, HEADER_FLAGS, ReserveSizes } from "./layout.ts";
import { decodeName } from "./names.ts";

/** MS-CAB 2.1: the area of the header has at most this many bytes, so that the header fits into 64 KiB. */
const HEADER_RESERVE_MAX = 60_000;
/** MS-CAB: names have at most 255 bytes, and a NUL. */
export const NAME_SIZE_MAX = 256;

/** What the header of one cabinet says, with all offsets counted from its beginning. */
export interface Header {
  /** Bytes of the cabinet as it says (`cbCabinet`); the file may have more, or fewer. */
  readonly sizeBytes: number;
  readonly setId: number;
  /** Position in the set, from 0. */
  readonly index: number;
  /** File name of the cabinet before and after it in the set. */
  readonly previous: string | undefined;
  readonly next: string | undefined;
  /** The reserved area of the header; its size is 0 where there is none. */
  readonly reserve: { readonly offset: number; readonly sizeBytes: number };
  readonly foldersOffset: number;
  readonly folderCount: number;
  /** Bytes of a CFFOLDER with its reserved area, and of the area behind each CFDATA. */
  readonly folderEntrySize: number;
  readonly dataReserveSize: number;
  readonly filesOffset: number;
  readonly fileCount: number;
}

/** Whether a file begins like a cabinet; opening one may still find that it is none. */
export function isCabinet(source: ByteSource): boolean {
  return source.sizeBytes >= 4 && source.read(0, 4).getUint32(0) === 0x4d534346;
}

/** Reads the header with everything of variable length. Throws CAB_NOT, CAB_TRUNCATED or CAB_HEADER. */
export function readHeader(source: ByteSource): Header {
  const fields = readFields(source);
  let at = CabinetHeader.sizeBytes;
  let sizes = { headerBytes: 0, folderBytes: 0, dataBytes: 0 };
  if ((fields.flags & HEADER_FLAGS.hasReserve) !== 0) {
    sizes = new ReserveSizes(readPart(source, at, ReserveSizes.sizeBytes));
    at += ReserveSizes.sizeBytes;
  }
  if (sizes.headerBytes > HEADER_RESERVE_MAX)
    throw contradiction(`its reserved area has ${sizes.headerBytes} bytes, more than ${HEADER_RESERVE_MAX}`);
  const reserve = { offset: at, sizeBytes: sizes.headerBytes };
  const names = new NameReader(source, at + reserve.sizeBytes);
  const previous = (fields.flags & HEADER_FLAGS.hasPrevious) === 0 ? undefined : names.readPair();
  const next = (fields.flags & HEADER_FLAGS.hasNext) === 0 ? undefined : names.readPair();
  const header = {
    sizeBytes: fields.sizeBytes,
    setId: fields.setId,
    index: fields.cabinetIndex,
    previous,
    next,
    reserve,
    foldersOffset: names.at,
    folderCount: fields.folderCount,
    folderEntrySize: FolderEntry.sizeBytes + sizes.folderBytes,
    dataReserveSize: sizes.dataBytes,
    filesOffset: fields.filesOffset,
    fileCount: fields.fileCount,
  };
  checkOrder(header);
  return header;
}

function readFields(source: ByteSource): CabinetHeader {
  if (!isCabinet(source))
    throw new VmguestError("CAB_NOT", "the file does not begin with MSCF", { offset: 0 });
  const fields = new CabinetHeader(readPart(source, 0, CabinetHeader.sizeBytes));
  if (fields.majorVersion === 1) return fields;
  const message = `the cabinet is of version ${fields.majorVersion}.${fields.minorVersion}, not 1.3`;
  throw new VmguestError("CAB_NOT", message, { structure: CabinetHeader.structName, offset: 0 });
}

function checkOrder({ sizeBytes, folderCount, fileCount, foldersOffset, ...header }: Header): void {
  if (folderCount === 0) throw contradiction("it has no folders");
  if (fileCount === 0) throw contradiction("it has no members");
  const foldersEnd = foldersOffset + folderCount * header.folderEntrySize;
  if (header.filesOffset < foldersEnd) {
    const places = `0x${header.filesOffset.toString(16)}, the folders end at 0x${foldersEnd.toString(16)}`;
    throw contradiction(`its list of members begins at ${places}`);
  }
  if (sizeBytes <= header.filesOffset)
    throw contradiction(`its size is ${sizeBytes}, its list of members begins behind that`);
}

/** Reads the file names of neighbours, each followed by the name of a disk that nobody asks for any more. */
class NameReader {
  readonly #source: ByteSource;
  at: number;

  constructor(source: ByteSource, at: number) {
    this.#source = source;
    this.at = at;
  }

  readPair(): string {
    const name = this.#readName();
    this.#readName();
    return name;
  }

  #readName(): string {
    const length = Math.min(NAME_SIZE_MAX, Math.max(0, this.#source.sizeBytes - this.at));
    const bytes = length === 0 ? new Uint8Array(0) : readBytes(this.#source, this.at, length);
    const end = bytes.indexOf(0);
    if (end < 0 && length === NAME_SIZE_MAX)
      throw contradiction("the name of a neighbouring cabinet has more than 255 bytes");
    if (end < 0) throw truncated(this.#source, this.at);
    this.at += end + 1;
    return decodeName(bytes.subarray(0, end), true).text;
  }
}

function readPart(source: ByteSource, offset: number, sizeBytes: number): DataView {
  if (offset + sizeBytes > source.sizeBytes) throw truncated(source, offset);
  return source.read(offset, sizeBytes);
}

function truncated(source: ByteSource, offset: number): VmguestError {
  const message = `the file ends at 0x${source.sizeBytes.toString(16)}, inside of the header`;
  return new VmguestError("CAB_TRUNCATED", message, { structure: CabinetHeader.structName, offset });
}

function contradiction(message: string): VmguestError {
  return new VmguestError("CAB_HEADER", message, { structure: CabinetHeader.structName, offset: 0 });
}
