// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { type ByteSource, copyBytes } from "../io/index.ts";
import { BASE_BLOCK_SIZE, BaseBlock, BIN_ALIGNMENT, BinHeader, FILE_TYPES } from "./layout.ts";

const STRUCTURE = BaseBlock.structName;
const SIGNATURE = "regf";
const MAJOR_VERSION = 1;

/** Windows NT 3.1 wrote 1.1; 1.0 is known from its beta versions alone. */
const MINOR_VERSION_MIN = 1;
const MINOR_VERSION_MAX = 6;

const FORMAT_DIRECT = 1;

/** The upper half of offsets is for keys that are never written to disk, so bins end at 2 GiB. */
const BINS_SIZE_MAX = 2 ** 31;

/** A private copy of the base block of a hive or log; undefined where the file is too short for one. */
export function readBaseBlock(source: ByteSource): BaseBlock | undefined {
  if (source.sizeBytes < BaseBlock.sizeBytes) return undefined;
  const bytes = copyBytes(source, 0, BaseBlock.sizeBytes);
  return new BaseBlock(new DataView(bytes.buffer));
}

/** Whether signature and checksum are right: then every field is as it was written. */
export function isIntact(block: BaseBlock): boolean {
  return block.signature === SIGNATURE && block.checksum === checksumOf(block);
}

/** Exclusive or of the numbers before the checksum, which is never 0 or 0xffffffff. Section "Checksum". */
export function checksumOf(block: BaseBlock): number {
  let sum = 0;
  for (let at = 0; at < BaseBlock.offsetOf.checksum; at += 4)
    sum ^= block.view.getUint32(block.at + at, true);
  const unsigned = sum >>> 0;
  if (unsigned === 0) return 1;
  return unsigned === 0xffff_ffff ? 0xffff_fffe : unsigned;
}

/** Throws where the base block is not that of a hive which can be read; its checksum is not looked at. */
export function checkBaseBlock(block: BaseBlock | undefined): asserts block is BaseBlock {
  if (block?.signature !== SIGNATURE) {
    const message =
      block === undefined ? "the file is too short for a hive" : "the file does not begin with `regf`";
    throw new VmguestError("REGF_NOT", message, { structure: STRUCTURE, offset: 0 });
  }
  const fail = (
    code: "REGF_VERSION" | "REGF_BASE_BLOCK",
    field: keyof typeof BaseBlock.offsetOf,
    message: string,
  ) => new VmguestError(code, message, { structure: STRUCTURE, offset: BaseBlock.offsetOf[field] });

  const { majorVersion, minorVersion, fileType, fileFormat, binsSize, rootCell } = block;
  const isVersionKnown =
    majorVersion === MAJOR_VERSION && minorVersion >= MINOR_VERSION_MIN && minorVersion <= MINOR_VERSION_MAX;
  if (!isVersionKnown) {
    throw fail(
      "REGF_VERSION",
      "majorVersion",
      `the version is ${majorVersion}.${minorVersion}, not 1.1 to 1.6`,
    );
  }
  if (fileType !== FILE_TYPES.hive) {
    throw fail("REGF_VERSION", "fileType", `the file type is ${fileType}, which is not that of a hive`);
  }
  if (fileFormat !== FORMAT_DIRECT) {
    throw fail("REGF_VERSION", "fileFormat", `the file format is ${fileFormat}, not ${FORMAT_DIRECT}`);
  }
  if (!isBinsSizePossible(binsSize)) {
    throw fail("REGF_BASE_BLOCK", "binsSize", `the bins have an impossible size of ${binsSize} bytes`);
  }
  if (rootCell < BinHeader.sizeBytes || rootCell >= binsSize) {
    throw fail(
      "REGF_BASE_BLOCK",
      "rootCell",
      `the root key at 0x${rootCell.toString(16)} lies outside the bins`,
    );
  }
}

export function isBinsSizePossible(binsSize: number): boolean {
  return binsSize >= BIN_ALIGNMENT && binsSize % BIN_ALIGNMENT === 0 && binsSize <= BINS_SIZE_MAX;
}

/** The header of the bin at an offset from the first one, or undefined where there is no valid one. */
export function findBin(source: ByteSource, bin: number): BinHeader | undefined {
  const offset = BASE_BLOCK_SIZE + bin;
  if (offset + BIN_ALIGNMENT > source.sizeBytes) return undefined;
  const header = new BinHeader(source.read(offset, BinHeader.sizeBytes));
  const isBin = header.signature === "hbin" && header.offset === bin;
  return isBin && isBinsSizePossible(header.sizeBytes) ? header : undefined;
}
