// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { ReparsePoint } from "../layout.ts";
import { WOF_PROVIDER, WofFileProvider, WofReparse } from "./layout.ts";
import { decompressLzx } from "./lzx.ts";
import { decompressXpress } from "./xpress.ts";

/** Reparse tag of files that WOF is in charge of. */
export const WOF_TAG = 0x80000017;
/** The stream that holds the compressed data of such a file. */
export const WOF_STREAM = "WofCompressedData";

/** One of the ways in which `compact /exe` compresses. */
export interface WofAlgorithm {
  readonly name: string;
  /** Bytes that each chunk but the last expands to. */
  readonly chunkSizeBytes: number;
  /** Expands a chunk to exactly `sizeBytes`; throws WOF_CHUNK. */
  readonly expand: (input: Uint8Array, sizeBytes: number) => Uint8Array;
}

/** By their number in the reparse point (FILE_PROVIDER_COMPRESSION_*). */
const ALGORITHMS: readonly WofAlgorithm[] = [
  { name: "XPRESS4K", chunkSizeBytes: 4096, expand: decompressXpress },
  { name: "LZX", chunkSizeBytes: 32_768, expand: decompressLzx },
  { name: "XPRESS8K", chunkSizeBytes: 8192, expand: decompressXpress },
  { name: "XPRESS16K", chunkSizeBytes: 16_384, expand: decompressXpress },
];

/**
 * How the file with this WOF reparse point is compressed. Throws WOF_UNSUPPORTED for one whose bytes are in a WIM file
 * or that is compressed in an unknown way, and OUT_OF_BOUNDS where the value is too short.
 */
export function readWofAlgorithm(value: DataView, path: string): WofAlgorithm {
  const refuse = (message: string) => new VmguestError("WOF_UNSUPPORTED", message, { path });
  const fileProviderAt = ReparsePoint.sizeBytes + WofReparse.sizeBytes;
  if (value.byteLength < fileProviderAt + WofFileProvider.sizeBytes) {
    const message = `a reparse point of ${value.byteLength} bytes is too short for WOF`;
    throw new VmguestError("NTFS_ATTRIBUTE", message, { path, structure: "$REPARSE_POINT", offset: 0 });
  }
  const { version, provider } = new WofReparse(value, ReparsePoint.sizeBytes);
  if (version !== 1) throw refuse(`WOF data of version ${version} is not known`);
  if (provider === WOF_PROVIDER.wim) throw refuse("the data is kept in a WIM file (WIMBoot)");
  if (provider !== WOF_PROVIDER.file) throw refuse(`WOF provider ${provider} is not known`);
  const file = new WofFileProvider(value, fileProviderAt);
  const algorithm = ALGORITHMS[file.algorithm];
  if (file.version === 1 && algorithm !== undefined) return algorithm;
  throw refuse(`WOF compression ${file.algorithm} of version ${file.version} is not known`);
}
