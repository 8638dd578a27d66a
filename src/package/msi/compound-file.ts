// SPDX-License-Identifier: MIT
import { parse } from "cfb";
import { VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { flattenDirectory } from "./directory.ts";
import { COMPOUND_SIGNATURE, CompoundHeader, type DirectoryEntry, ENTRY_TYPE } from "./layout.ts";
import { damaged, SectorChains } from "./sector-chains.ts";

/**
 * cfb takes a whole file and copies its sectors once more, so this is half of what reading may take. The MSIs of
 * integration services have a few megabytes.
 */
const MAX_FILE_SIZE_BYTES = 128 * 1024 * 1024;

/** The two forms of a compound file: by major version, log2 of the sector size. */
const SECTOR_SHIFTS: ReadonlyMap<number, number> = new Map([
  [3, 9],
  [4, 12],
]);
const MINI_SECTOR_SHIFT = 6;
const MINI_STREAM_CUTOFF = 4096;
const BYTE_ORDER = 0xfffe;

/** A compound file, as far as an MSI uses it. */
export interface CompoundFile {
  /** GUID of the root: what the file is. */
  readonly classId: string;
  /** The streams directly below the root, by their names as stored. */
  readonly streams: ReadonlyMap<string, Uint8Array>;
  /** The entries of root and streams in the directory, for what a signature says of them; no sector in it is valid. */
  readonly root: DirectoryEntry;
  readonly entries: readonly DirectoryEntry[];
  /** Whether there are folders below the root, whose streams are not among these. */
  readonly hasStorages: boolean;
}

/** Whether this is a compound file (OLE), by its first eight bytes. */
export function isCompoundFile(source: ByteSource): boolean {
  const { length } = COMPOUND_SIGNATURE;
  if (source.sizeBytes < length) return false;
  return Buffer.from(COMPOUND_SIGNATURE).equals(readBytes(source, 0, length));
}

/**
 * Reads a compound file. cfb does it, but trusts what it reads: chains that lead back to themselves make it run for
 * ever, and so do some directories. So all that it follows is checked first, on a private copy, and what an MSI does not
 * use is taken out of the directory of that copy.
 *
 * Throws CFB_NOT, CFB_VERSION, CFB_DAMAGED, CFB_TRUNCATED, CFB_LOOP or LIMIT_EXCEEDED.
 */
export function readCompoundFile(source: ByteSource): CompoundFile {
  if (!isCompoundFile(source)) {
    throw new VmguestError("CFB_NOT", "the file does not begin with D0 CF 11 E0", { offset: 0 });
  }
  const sectorSize = 2 ** checkHeader(source);
  const bytes = copyWhole(source, sectorSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = new CompoundHeader(view);
  const { root, streams, hasStorages } = flattenDirectory(view, header, new SectorChains(view, header));
  return { classId: root.classId, streams: parseStreams(bytes), root, entries: streams, hasStorages };
}

/** Returns the sector shift. */
function checkHeader(source: ByteSource): number {
  if (source.sizeBytes < CompoundHeader.sizeBytes) {
    const message = `the file ends at 0x${source.sizeBytes.toString(16)}, inside its header`;
    throw new VmguestError("CFB_TRUNCATED", message, { structure: CompoundHeader.structName, offset: 0 });
  }
  const header = new CompoundHeader(source.read(0, CompoundHeader.sizeBytes));
  const { majorVersion, sectorShift, miniSectorShift, miniStreamCutoff, byteOrder } = header;
  const isKnown =
    SECTOR_SHIFTS.get(majorVersion) === sectorShift &&
    miniSectorShift === MINI_SECTOR_SHIFT &&
    miniStreamCutoff === MINI_STREAM_CUTOFF &&
    byteOrder === BYTE_ORDER;
  if (!isKnown) {
    const message = `version ${majorVersion}, sector shifts ${sectorShift} and ${miniSectorShift}, cut-off ${miniStreamCutoff}`;
    throw new VmguestError("CFB_VERSION", message, { structure: CompoundHeader.structName, offset: 0 });
  }
  if (
    header.reserved.some((byte) => byte !== 0) ||
    (majorVersion === 3 && header.directorySectorCount !== 0)
  ) {
    throw damaged("the header has values where it must have zeros", 0);
  }
  return sectorShift;
}

/** A copy that ends with a sector: some writers leave out the end of the last. */
function copyWhole(source: ByteSource, sectorSize: number): Buffer {
  if (source.sizeBytes > MAX_FILE_SIZE_BYTES) {
    const message = `the file has ${source.sizeBytes} bytes, more than ${MAX_FILE_SIZE_BYTES}`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "compound file" });
  }
  const sectorCount = Math.ceil(source.sizeBytes / sectorSize);
  if (sectorCount < 2) throw damaged("the file has no sectors");
  const copy = Buffer.alloc(sectorCount * sectorSize);
  copy.set(readBytes(source, 0, source.sizeBytes));
  return copy;
}

/** Hands the prepared copy to cfb. */
function parseStreams(bytes: Buffer): Map<string, Uint8Array> {
  try {
    const streams = new Map<string, Uint8Array>();
    for (const { name, type, content, size } of parse(bytes).FileIndex) {
      if (type !== ENTRY_TYPE.stream || streams.has(name)) continue;
      // An empty stream has no content at all.
      const data = size === 0 ? new Uint8Array(0) : asBytes(content);
      if (data.length !== size)
        throw damaged(`a stream has ${size} bytes by the directory, but ${data.length} in sectors`);
      streams.set(name, data);
    }
    return streams;
  } catch (cause) {
    if (cause instanceof VmguestError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new VmguestError("CFB_DAMAGED", `cfb could not read it: ${message}`, {}, { cause });
  }
}

/** cfb gives arrays of numbers where it has no buffers. */
function asBytes(content: Uint8Array | readonly number[]): Uint8Array {
  return content instanceof Uint8Array ? content : Uint8Array.from(content);
}
