import { blockChecksum } from "../../../src/package/cab/checksum.ts";
import {
  ATTRIBUTES,
  CabinetHeader,
  DataHeader,
  FileEntry,
  FolderEntry,
  HEADER_FLAGS,
  ReserveSizes,
} from "../../../src/package/cab/layout.ts";
import { type LabBlock, stored } from "./encoders.ts";
import {
  LAB_DATE,
  LAB_TIME,
  type LabCabinet,
  type LabFolder,
  type LabMember,
  type LabNeighbour,
} from "./model.ts";

const FILL = 0xaa;

/** The bytes of a cabinet: the same description gives the same bytes. */
export function buildCabinet(cabinet: LabCabinet): Uint8Array {
  const neighbours = Buffer.concat([cabinet.previous, cabinet.next].flatMap(neighbourNames));
  const reserve = buildReserve(cabinet);
  const foldersAt = CabinetHeader.sizeBytes + reserve.length + neighbours.length;
  const folderSize = FolderEntry.sizeBytes + (cabinet.folderReserveBytes ?? 0);
  const gap = cabinet.gapBeforeFiles ?? new Uint8Array(0);
  const filesAt = foldersAt + cabinet.folders.length * folderSize + gap.length;
  const files = Buffer.concat(cabinet.folders.flatMap(buildFiles));
  const dataGap = cabinet.gapBeforeData ?? new Uint8Array(0);
  let dataAt = filesAt + files.length + dataGap.length;

  const data: Uint8Array[] = [];
  const folders = cabinet.folders.map((folder) => {
    const encoder = folder.encoder ?? stored;
    const blocks = folder.blocks ?? encoder.encode(contentOf(folder));
    const entry = new Uint8Array(folderSize).fill(FILL);
    Object.assign(new FolderEntry(new DataView(entry.buffer)), {
      dataOffset: dataAt,
      blockCount: blocks.length,
      compression: encoder.typeCompress,
      ...folder.fields,
    });
    for (const block of blocks) {
      const bytes = buildBlock(block, cabinet);
      data.push(bytes);
      dataAt += bytes.length;
    }
    return entry;
  });

  const header = new Uint8Array(CabinetHeader.sizeBytes);
  Object.assign(new CabinetHeader(new DataView(header.buffer)), {
    signature: "MSCF",
    sizeBytes: dataAt,
    filesOffset: filesAt,
    minorVersion: 3,
    majorVersion: 1,
    folderCount: cabinet.folders.length,
    fileCount: cabinet.folders.reduce((sum, { members }) => sum + members.length, 0),
    flags: flagsOf(cabinet),
    setId: cabinet.setId ?? 0,
    cabinetIndex: cabinet.index ?? 0,
    ...cabinet.fields,
  });
  const appended = cabinet.appended ?? new Uint8Array(0);
  return Buffer.concat([header, reserve, neighbours, ...folders, gap, files, dataGap, ...data, appended]);
}

/** What the members of a folder have in it, one after the other. */
export function contentOf({ members }: LabFolder): Uint8Array {
  return Buffer.concat(members.map(({ bytes }) => bytes ?? new Uint8Array(0)));
}

function flagsOf({ previous, next, ...cabinet }: LabCabinet): number {
  const hasReserve =
    cabinet.headerReserve !== undefined ||
    cabinet.folderReserveBytes !== undefined ||
    cabinet.dataReserveBytes !== undefined;
  return (
    (previous === undefined ? 0 : HEADER_FLAGS.hasPrevious) |
    (next === undefined ? 0 : HEADER_FLAGS.hasNext) |
    (hasReserve ? HEADER_FLAGS.hasReserve : 0)
  );
}

function buildReserve(cabinet: LabCabinet): Uint8Array {
  if ((flagsOf(cabinet) & HEADER_FLAGS.hasReserve) === 0) return new Uint8Array(0);
  const area = cabinet.headerReserve ?? new Uint8Array(0);
  const bytes = new Uint8Array(ReserveSizes.sizeBytes + area.length);
  Object.assign(new ReserveSizes(new DataView(bytes.buffer)), {
    headerBytes: area.length,
    folderBytes: cabinet.folderReserveBytes ?? 0,
    dataBytes: cabinet.dataReserveBytes ?? 0,
  });
  bytes.set(area, ReserveSizes.sizeBytes);
  return bytes;
}

function neighbourNames(neighbour: LabNeighbour | undefined): Uint8Array[] {
  if (neighbour === undefined) return [];
  return [Buffer.from(`${neighbour.name}\0${neighbour.disk ?? ""}\0`)];
}

function buildFiles({ members }: LabFolder, folder: number): Uint8Array[] {
  let folderOffset = 0;
  return members.map((member) => {
    const sizeBytes = member.bytes?.length ?? 0;
    const bytes = buildFile(member, { sizeBytes, folderOffset, folder });
    folderOffset += sizeBytes;
    return bytes;
  });
}

function buildFile(
  { name, nameBytes = Buffer.from(name), fields }: LabMember,
  place: { sizeBytes: number; folderOffset: number; folder: number },
): Uint8Array {
  const bytes = new Uint8Array(FileEntry.sizeBytes + nameBytes.length + 1);
  const isAscii = nameBytes.every((byte) => byte < 0x80);
  Object.assign(new FileEntry(new DataView(bytes.buffer)), {
    ...place,
    date: LAB_DATE,
    time: LAB_TIME,
    attributes: ATTRIBUTES.archive | (isAscii ? 0 : ATTRIBUTES.nameIsUtf8),
    ...fields,
  });
  bytes.set(nameBytes, FileEntry.sizeBytes);
  return bytes;
}

function buildBlock({ data, outputSize, fields }: LabBlock, cabinet: LabCabinet): Uint8Array {
  const headSize = DataHeader.sizeBytes + (cabinet.dataReserveBytes ?? 0);
  const bytes = new Uint8Array(headSize + data.length).fill(FILL, 0, headSize);
  bytes.set(data, headSize);
  const header = new DataHeader(new DataView(bytes.buffer));
  Object.assign(header, { sizeBytes: data.length, outputSize, ...fields });
  const { checksums = "plain" } = cabinet;
  const counted = bytes.subarray(4, checksums === "with-reserve" ? headSize : DataHeader.sizeBytes);
  const checksum = checksums === "none" ? 0 : blockChecksum(counted, blockChecksum(data, 0));
  header.checksum = fields?.checksum ?? checksum;
  return bytes;
}
