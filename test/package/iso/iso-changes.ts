import { expect } from "vitest";
import { DirectoryRecord, VolumeDescriptor } from "../../../src/package/iso/iso9660/layout.ts";
import { buildIso } from "../../lab/iso9660.ts";
import { TREE } from "./discs.ts";

export const SECTOR = 2048;
/** Offset of the primary descriptor. */
export const PRIMARY = 16 * SECTOR;

/** A disc to be damaged. */
export const plain = buildIso({ tree: TREE });
/** Where a directory record of it, or of another disc, is. */
export const place = (name: string, { places } = plain) =>
  places.get(`iso:${name}`) ?? expect.fail(`no ${name}`);
/** Offset of the root directory, which is the last one in the image. */
export const ROOT = plain.bytes.length - SECTOR;

/** The image with fields of the record of a path changed. */
export function withRecord(path: string, fields: Partial<DirectoryRecord>, { bytes, places } = plain) {
  const copy = bytes.slice();
  const at = places.get(`iso:${path}`) ?? expect.fail(`no ${path}`);
  Object.assign(new DirectoryRecord(new DataView(copy.buffer), at), fields);
  return copy;
}

/** The image with fields of its primary descriptor changed. */
export function withDescriptor(fields: Partial<VolumeDescriptor>, { bytes } = plain) {
  const copy = bytes.slice();
  Object.assign(new VolumeDescriptor(new DataView(copy.buffer), PRIMARY), fields);
  return copy;
}
