// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { type Header, NAME_SIZE_MAX, readHeader } from "./header.ts";
import { ATTRIBUTES, FileEntry, FolderEntry } from "./layout.ts";
import { decodeName } from "./names.ts";

/** How much of the list of members is read at once: a listing should cost few reads, and little memory. */
const WINDOW_SIZE = 65_536;
const ENTRY_SIZE_MAX = FileEntry.sizeBytes + NAME_SIZE_MAX;

/** A CFFOLDER as it stands in one cabinet. */
export interface FolderRecord {
  readonly dataOffset: number;
  readonly blockCount: number;
  readonly compression: number;
}

/** A CFFILE as it stands in one cabinet. */
export interface FileRecord {
  /** Offset of the entry in its cabinet. */
  readonly offset: number;
  readonly sizeBytes: number;
  readonly folderOffset: number;
  /** Index of a folder of this cabinet, or one of {@link CONTINUED}. */
  readonly folder: number;
  readonly date: number;
  readonly time: number;
  readonly attributes: number;
  /** As stored. */
  readonly name: string;
  /** False where the name was not in the encoding that it promises. */
  readonly isNameSound: boolean;
}

/** One cabinet file: its header and its lists, without any data. */
export interface CabinetPart {
  readonly source: ByteSource;
  /** Its name in the set, as a neighbour calls it; undefined for the one that was opened. */
  readonly name: string | undefined;
  readonly header: Header;
  readonly folders: readonly FolderRecord[];
  readonly files: readonly FileRecord[];
  /** Where the list of members ends, and where data must end. */
  readonly filesEnd: number;
  readonly dataEnd: number;
  /** Why the list of members is shorter than the header says. */
  readonly fault: VmguestError | undefined;
}

/** Reads header and lists. Damage inside the list of members is reported as `fault`, other damage is thrown. */
export function readPart(source: ByteSource, name?: string): CabinetPart {
  const header = readHeader(source);
  const dataEnd = Math.min(header.sizeBytes, source.sizeBytes);
  const folders = readFolders(source, header);
  return { source, name, header, folders, dataEnd, ...readFiles(source, header, dataEnd) };
}

/** The place of an entry in the list of members of a cabinet. */
export function whereOfFile({ offset }: FileRecord, { name }: CabinetPart): Where {
  const structure = FileEntry.structName;
  return name === undefined ? { structure, offset } : { path: name, structure, offset };
}

function readFolders(source: ByteSource, header: Header): FolderRecord[] {
  const { foldersOffset, folderCount, folderEntrySize } = header;
  const tableSize = folderCount * folderEntrySize;
  if (foldersOffset + tableSize > source.sizeBytes) {
    const message = `${folderCount} folders need ${tableSize} bytes, but the file ends at 0x${source.sizeBytes.toString(16)}`;
    throw new VmguestError("CAB_TRUNCATED", message, {
      structure: FolderEntry.structName,
      offset: foldersOffset,
    });
  }
  const table = source.read(foldersOffset, tableSize);
  return Array.from({ length: folderCount }, (_, index) => {
    const { dataOffset, blockCount, compression } = new FolderEntry(table, index * folderEntrySize);
    return { dataOffset, blockCount, compression };
  });
}

function readFiles(
  source: ByteSource,
  { filesOffset, fileCount }: Header,
  end: number,
): Pick<CabinetPart, "files" | "filesEnd" | "fault"> {
  const files: FileRecord[] = [];
  const window: { start: number; bytes: Uint8Array } = { start: filesOffset, bytes: new Uint8Array(0) };
  let at = filesOffset;
  while (files.length < fileCount) {
    if (
      at + ENTRY_SIZE_MAX > window.start + window.bytes.length &&
      window.start + window.bytes.length < end
    ) {
      window.start = at;
      const sizeMax = (fileCount - files.length) * ENTRY_SIZE_MAX;
      window.bytes = readBytes(source, at, Math.min(WINDOW_SIZE, sizeMax, end - at));
    }
    const file = readFile(window.bytes.subarray(at - window.start), at);
    if (file instanceof VmguestError) return { files, filesEnd: at, fault: file };
    files.push(file.record);
    at += file.entrySize;
  }
  return { files, filesEnd: at, fault: undefined };
}

/** The entry that `bytes` begin with, or why it is none. */
function readFile(
  bytes: Uint8Array,
  offset: number,
): { record: FileRecord; entrySize: number } | VmguestError {
  const where = { structure: FileEntry.structName, offset };
  const nameEnd = bytes.indexOf(0, FileEntry.sizeBytes);
  if (nameEnd < 0 && bytes.length < ENTRY_SIZE_MAX) {
    return new VmguestError(
      "CAB_TRUNCATED",
      "the list of members goes on behind the end of the cabinet",
      where,
    );
  }
  if (nameEnd < 0 || nameEnd >= ENTRY_SIZE_MAX) {
    return new VmguestError("CAB_MEMBER", "the name of a member has more than 255 bytes", where);
  }
  const entry = new FileEntry(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  const attributes = entry.attributes;
  const isUtf8 = (attributes & ATTRIBUTES.nameIsUtf8) !== 0;
  const name = decodeName(bytes.subarray(FileEntry.sizeBytes, nameEnd), isUtf8);
  const record = {
    offset,
    sizeBytes: entry.sizeBytes,
    folderOffset: entry.folderOffset,
    folder: entry.folder,
    date: entry.date,
    time: entry.time,
    attributes,
    name: name.text,
    isNameSound: name.isSound,
  };
  return { record, entrySize: nameEnd + 1 };
}
