import { deflateRawSync } from "node:zlib";

export type PackageCompression = "none" | "mszip";

const BLOCK_SIZE = 0x8000;
const [HEADER_SIZE, FOLDER_SIZE, FILE_SIZE, BLOCK_HEADER_SIZE] = [36, 8, 16, 8];

/** A cabinet of one folder with the files in their order, unsigned. */
export function packFiles(
  files: ReadonlyMap<string, Uint8Array>,
  compression: PackageCompression = "mszip",
): Uint8Array {
  const blocks = blocksOf(Buffer.concat([...files.values()]), compression);
  const fileTable = fileTableOf(files);
  const dataAt = HEADER_SIZE + FOLDER_SIZE + fileTable.length;
  const data = Buffer.concat(blocks);
  const head = new DataView(new ArrayBuffer(HEADER_SIZE + FOLDER_SIZE));
  head.setUint32(0, 0x4d534346);
  head.setUint32(8, dataAt + data.length, true);
  head.setUint32(16, HEADER_SIZE + FOLDER_SIZE, true);
  head.setUint16(24, 0x0103, true);
  head.setUint16(26, 1, true);
  head.setUint16(28, files.size, true);
  head.setUint32(36, dataAt, true);
  head.setUint16(40, blocks.length, true);
  head.setUint16(42, compression === "mszip" ? 1 : 0, true);
  return Buffer.concat([new Uint8Array(head.buffer), fileTable, data]);
}

function fileTableOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  let folderOffset = 0;
  const rows = [...files].map(([name, bytes]) => {
    const row = new DataView(new ArrayBuffer(FILE_SIZE));
    row.setUint32(0, bytes.length, true);
    row.setUint32(4, folderOffset, true);
    row.setUint16(10, 0x4f0a, true);
    row.setUint16(12, 0x6000, true);
    row.setUint16(14, 0x20, true);
    folderOffset += bytes.length;
    return Buffer.concat([new Uint8Array(row.buffer), Buffer.from(`${name.replaceAll("/", "\\")}\0`)]);
  });
  return Buffer.concat(rows);
}

function blocksOf(content: Uint8Array, compression: PackageCompression): Uint8Array[] {
  const count = Math.ceil(content.length / BLOCK_SIZE);
  return Array.from({ length: count }, (_, index) => {
    const plain = content.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE);
    const packed =
      compression === "none"
        ? plain
        : Buffer.concat([Buffer.from("CK"), deflateRawSync(plain, { level: 9 })]);
    const block = new Uint8Array(BLOCK_HEADER_SIZE + packed.length);
    const view = new DataView(block.buffer);
    view.setUint16(4, packed.length, true);
    view.setUint16(6, plain.length, true);
    block.set(packed, BLOCK_HEADER_SIZE);
    return block;
  });
}
