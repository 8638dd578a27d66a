import { buildAuthenticode, type FileDigest, paddedToEight, type Signing } from "./authenticode.ts";
import { hash } from "./identifiers.ts";

/** Where the header of a cabinet with room for a signature has its fields, in bytes. */
const AT = {
  size: 8,
  files: 16,
  folderCount: 26,
  flags: 30,
  reserve: 36,
  data: 40,
  signature: 44,
  end: 60,
} as const;
const HAS_RESERVE = 4;
const RESERVE_SIZE = 20;
const FIXED_HEADER_SIZE = 36;
const FOLDER_SIZE = 8;

/** The cabinet with an Authenticode signature behind it; one without the reserved bytes for it gains them. */
export function signCabinet(cabinet: Uint8Array, signing: Signing = {}): Uint8Array {
  return appendSignature(cabinet, (digestOf) => buildAuthenticode("cabinet", digestOf, signing));
}

/** The cabinet with any bytes in the place of its signature. */
export function appendSignature(cabinet: Uint8Array, make: (digestOf: FileDigest) => Uint8Array): Uint8Array {
  const prepared = withReserve(cabinet);
  const view = new DataView(prepared.buffer, prepared.byteOffset, prepared.byteLength);
  view.setUint32(AT.data, 0x0010_0000, true);
  view.setUint32(AT.signature, prepared.length, true);
  const signature = paddedToEight(make(cabinetDigest(prepared)));
  view.setUint32(AT.signature + 4, signature.length, true);
  return Buffer.concat([prepared, signature]);
}

/** Digest of a cabinet up to its signature, without the header's fields that signing changes. */
export const cabinetDigest =
  (cabinet: Uint8Array): FileDigest =>
  (name) =>
    hash(name, cabinet.subarray(0, 4), cabinet.subarray(8, 34), cabinet.subarray(56));

/** A copy of the cabinet with 20 reserved bytes in its header. */
function withReserve(cabinet: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(cabinet);
  const flags = new DataView(copy.buffer).getUint16(AT.flags, true);
  if ((flags & HAS_RESERVE) !== 0) return copy;

  const grown = Buffer.concat([
    copy.subarray(0, FIXED_HEADER_SIZE),
    Uint8Array.of(RESERVE_SIZE, 0, 0, 0),
    new Uint8Array(RESERVE_SIZE),
    copy.subarray(FIXED_HEADER_SIZE),
  ]);
  const view = new DataView(grown.buffer, grown.byteOffset, grown.byteLength);
  const growth = AT.end - FIXED_HEADER_SIZE;
  const grow = (at: number) => view.setUint32(at, view.getUint32(at, true) + growth, true);
  view.setUint16(AT.flags, flags | HAS_RESERVE, true);
  grow(AT.size);
  grow(AT.files);
  const folderCount = view.getUint16(AT.folderCount, true);
  for (let index = 0; index < folderCount; index++) grow(AT.end + index * FOLDER_SIZE);
  return grown;
}
