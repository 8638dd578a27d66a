// SPDX-License-Identifier: MIT
import { finding, VmguestError } from "../../../errors.ts";
import type { Note } from "../tree.ts";
import { crc16 } from "./crc16.ts";
import { DescriptorTag } from "./layout.ts";

/** What a descriptor is expected to be, and where it stands. */
export interface Expected {
  readonly structure: string;
  /** Offset in the image. */
  readonly offset: number;
  /** The tag ids that may stand there. */
  readonly ids: readonly number[];
  /** The block that the tag must name; undefined where programs write what they like. */
  readonly location?: number;
}

/** Whether the tag at `at` is sound by its own checksum. */
export function tagChecksumMatches(view: DataView, at: number): boolean {
  let sum = 0;
  for (let index = 0; index < DescriptorTag.sizeBytes; index++) sum += view.getUint8(at + index);
  const stored = view.getUint8(at + DescriptorTag.offsetOf.checksum);
  return ((sum - stored) & 0xff) === stored;
}

/**
 * Checks the tag at `at` and gives its id. A wrong checksum or another descriptor throws UDF_TAG. A wrong CRC or block
 * number is noted, and no more: there are programs that write them wrong, and Windows reads their discs.
 */
export function checkTag(view: DataView, at: number, expected: Expected, note: Note): number {
  const { structure, offset, ids, location } = expected;
  const tag = new DescriptorTag(view, at);
  if (!tagChecksumMatches(view, at)) {
    const message = "the checksum of the descriptor tag does not match";
    throw new VmguestError("UDF_TAG", message, { structure, offset });
  }
  if (!ids.includes(tag.id)) {
    const message = `a descriptor ${ids.join(" or ")} should stand here, but this is ${tag.id}`;
    throw new VmguestError("UDF_TAG", message, { structure, offset });
  }
  const doubt = (message: string) => note(finding("UDF_TAG_DOUBT", message, { structure, offset }));
  if (location !== undefined && tag.location !== location) {
    doubt(`the descriptor tag is that of block ${tag.location}, not ${location}`);
  }
  if (!crcMatches(view, at, tag)) doubt("the CRC of the descriptor does not match");
  return tag.id;
}

function crcMatches(view: DataView, at: number, { crc, crcSizeBytes }: DescriptorTag): boolean {
  const start = at + DescriptorTag.sizeBytes;
  if (start + crcSizeBytes > view.byteLength) return false;
  return crc16(new Uint8Array(view.buffer, view.byteOffset + start, crcSizeBytes)) === crc;
}
