import { buildCabinet, mszip, SIGNATURE_ROOM, stored } from "../cab.ts";
import { lzx } from "../lzx.ts";

/** LZX with the window and the translation of calls that Microsoft's packages have. */
const ENCODERS = { none: stored, mszip, lzx: lzx({ windowBits: 21, filterSize: 12_000_000 }) } as const;

export type PackageCompression = keyof typeof ENCODERS;

/** A cabinet of one folder with the files in their order, ready to be signed. */
export function packFiles(
  files: ReadonlyMap<string, Uint8Array>,
  compression: PackageCompression = "mszip",
): Uint8Array {
  const members = [...files].map(([path, bytes]) => ({ name: path.replaceAll("/", "\\"), bytes }));
  return buildCabinet({
    headerReserve: SIGNATURE_ROOM,
    folders: [{ encoder: ENCODERS[compression], members }],
  });
}
