// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes, SliceSource } from "../../io/index.ts";
import { readHeader } from "./header.ts";
import { CabinetHeader } from "./layout.ts";
import { announcedSignature } from "./signature-place.ts";

/** Bytes read at once while searching. */
const WINDOW_SIZE = 1 << 20;
const MAJOR_VERSION = 1;
const SIGNATURE = Buffer.from("MSCF");

/**
 * The cabinets inside another file, a self-extracting program for instance, in the order in which they lie there; a
 * file that is a cabinet itself gives itself. Each comes with the signature that its header announces.
 *
 * Only what has a header that makes sense, and lies in the file as a whole, is taken for a cabinet. The search goes on
 * behind its end, so cabinets that are stored inside it are not given. The file is read once, from begin to end.
 */
export function* findCabinets(source: ByteSource): Generator<SliceSource> {
  let window: Uint8Array = new Uint8Array(0);
  let start = 0;
  let at = 0;
  while (at + CabinetHeader.sizeBytes <= source.sizeBytes) {
    if (at + CabinetHeader.sizeBytes > start + window.length) {
      start = at;
      window = readBytes(source, start, Math.min(WINDOW_SIZE, source.sizeBytes - start));
    }
    const found = findInWindow(source, window, start, at);
    if (found === undefined) {
      at = start + window.length - CabinetHeader.sizeBytes + 1;
      continue;
    }
    yield new SliceSource(source, found.offset, found.sizeBytes);
    at = found.offset + found.sizeBytes;
  }
}

/** The first cabinet from byte `from` of the file whose header lies in `window`, which begins at byte `start`. */
function findInWindow(
  source: ByteSource,
  window: Uint8Array,
  start: number,
  from: number,
): { offset: number; sizeBytes: number } | undefined {
  const bytes = Buffer.from(window.buffer, window.byteOffset, window.length);
  const view = new DataView(window.buffer, window.byteOffset, window.length);
  for (
    let at = bytes.indexOf(SIGNATURE, from - start);
    at >= 0 && at + CabinetHeader.sizeBytes <= window.length;
    at = bytes.indexOf(SIGNATURE, at + 1)
  ) {
    // Without this glance, a file full of signatures would cost an object for each.
    if (window[at + CabinetHeader.offsetOf.majorVersion] !== MAJOR_VERSION) continue;
    const left = source.sizeBytes - start - at;
    if (!isPlausible(new CabinetHeader(view, at), left)) continue;
    const sizeBytes = sizeWithSignature(new SliceSource(source, start + at, left));
    if (sizeBytes !== undefined) return { offset: start + at, sizeBytes };
  }
  return undefined;
}

/** Looks at the fixed fields before anything is read for the others. */
function isPlausible(header: CabinetHeader, left: number): boolean {
  const { minorVersion, folderCount, fileCount, filesOffset, sizeBytes } = header;
  if (minorVersion > 3 || folderCount === 0 || fileCount === 0) return false;
  return filesOffset >= CabinetHeader.sizeBytes && filesOffset < sizeBytes && sizeBytes <= left;
}

/** Bytes of a cabinet with its signature; undefined where its header is none. */
function sizeWithSignature(source: ByteSource): number | undefined {
  try {
    const header = readHeader(source);
    const signature = announcedSignature(source, header);
    const end = signature === undefined ? 0 : signature.offset + signature.sizeBytes;
    const isThere = signature?.offset === header.sizeBytes && end <= source.sizeBytes;
    return isThere ? end : header.sizeBytes;
  } catch (error) {
    if (error instanceof VmguestError && error.kind !== "io") return undefined;
    throw error;
  }
}
