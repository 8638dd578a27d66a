import { buildAuthenticode, type FileDigest, paddedToEight, type Signing } from "./authenticode.ts";
import { hash } from "./identifiers.ts";

/** Where a PE image keeps what its Authenticode digest leaves out, in bytes of the file. */
interface ImagePlaces {
  readonly checksum: number;
  /** Entry of the certificate table in the data directory. */
  readonly certificateEntry: number;
  /** The certificate table itself; the end of the file where there is none. */
  readonly certificates: number;
}

/** Whether the bytes are a PE image. */
export function isPe(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  if (bytes.length < 0x40 || view.getUint16(0, true) !== 0x5a4d) return false;
  const at = view.getUint32(0x3c, true);
  return at + 4 <= bytes.length && view.getUint32(at, true) === 0x4550;
}

/** Authenticode digest of a PE image; one without a signature is taken as padded with zeros to eight bytes. */
export const peDigest =
  (image: Uint8Array): FileDigest =>
  (name) => {
    const { checksum, certificateEntry, certificates } = placesOf(image);
    return hash(
      name,
      image.subarray(0, checksum),
      image.subarray(checksum + 4, certificateEntry),
      image.subarray(certificateEntry + 8, certificates),
      new Uint8Array(-certificates & 7),
    );
  };

/** The image with a signature in its certificate table. */
export function signPe(image: Uint8Array, signing: Signing = {}): Uint8Array {
  const padded = paddedToEight(image);
  const signature = paddedToEight(buildAuthenticode("pe", peDigest(padded), signing));
  const certificate = new Uint8Array(8 + signature.length);
  const header = viewOf(certificate);
  header.setUint32(0, certificate.length, true);
  header.setUint16(4, 0x0200, true);
  header.setUint16(6, 0x0002, true);
  certificate.set(signature, 8);
  const view = viewOf(padded);
  const { certificateEntry } = placesOf(padded);
  view.setUint32(certificateEntry, padded.length, true);
  view.setUint32(certificateEntry + 4, certificate.length, true);
  return Buffer.concat([padded, certificate]);
}

function placesOf(image: Uint8Array): ImagePlaces {
  const view = viewOf(image);
  const optionalHeader = view.getUint32(0x3c, true) + 24;
  const is64 = view.getUint16(optionalHeader, true) === 0x20b;
  const certificateEntry = optionalHeader + (is64 ? 112 : 96) + 4 * 8;
  const table = view.getUint32(certificateEntry, true);
  return {
    checksum: optionalHeader + 64,
    certificateEntry,
    certificates: table === 0 ? image.length : table,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
