import { crc16 } from "../../../src/package/iso/udf/crc16.ts";
import { DescriptorTag, LongAllocation } from "../../../src/package/iso/udf/layout.ts";

/** Sets checksum and CRC of a descriptor, for tests that change one and want it believed. */
export function seal(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const tag = new DescriptorTag(view, at);
  tag.crc = crc16(
    bytes.subarray(at + DescriptorTag.sizeBytes, at + DescriptorTag.sizeBytes + tag.crcSizeBytes),
  );
  tag.checksum = 0;
  let sum = 0;
  for (let index = 0; index < DescriptorTag.sizeBytes; index++) sum += bytes[at + index] ?? 0;
  tag.checksum = sum & 0xff;
}

/** The kinds of partition that UDF has. */
export type LabPartition = "plain" | "metadata" | "sparable" | "virtual";

/** A descriptor with its tag: `fill` writes all but that. */
export function descriptor(
  tag: { id: number; location: number; sizeBytes: number; isExtended: boolean },
  fill: (view: DataView<ArrayBuffer>) => void,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(tag.sizeBytes);
  const view = new DataView(bytes.buffer);
  fill(view);
  const crcSizeBytes = tag.sizeBytes - DescriptorTag.sizeBytes;
  const version = tag.isExtended ? 3 : 2;
  Object.assign(new DescriptorTag(view), { id: tag.id, version, location: tag.location, crcSizeBytes });
  seal(bytes, 0);
  return bytes;
}

export function longAllocation(
  block: number,
  partition: number,
  kind: number,
  sizeBytes: number,
): LongAllocation {
  const fields = new LongAllocation(new DataView(new ArrayBuffer(LongAllocation.sizeBytes)));
  return Object.assign(fields, { kindAndSize: ((kind << 30) | sizeBytes) >>> 0, block, partition });
}

/** The structures at 0x8000 that say that there is UDF; those of blocks of 4096 bytes begin a block each. */
export function recognition(blockSizeBytes: number): Uint8Array {
  const step = Math.max(2048, blockSizeBytes);
  const bytes = new Uint8Array(3 * step);
  ["BEA01", "NSR02", "TEA01"].forEach((name, index) => {
    bytes.set([0, ...Buffer.from(name), 1], index * step);
  });
  return bytes;
}

export function compressedUnicode(name: string): Uint8Array {
  if (name === "") return new Uint8Array(0);
  const isNarrow = [...name].every((character) => (character.codePointAt(0) ?? 0) < 0x100);
  if (isNarrow) return Uint8Array.of(8, ...Buffer.from(name, "latin1"));
  return Uint8Array.of(16, ...Buffer.from(name, "utf16le").swap16());
}

export function dstring(text: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const encoded = compressedUnicode(text).subarray(0, sizeBytes - 1);
  bytes.set(encoded);
  bytes[sizeBytes - 1] = encoded.length;
  return bytes;
}

/** An entity identifier: flags, 23 bytes of name, suffix. */
export function identifier(name: string): Uint8Array {
  return Uint8Array.of(0, ...Buffer.from(name));
}

export function domain(isExtended: boolean): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(identifier("*OSTA UDF Compliant"));
  bytes.set(isExtended ? [0x01, 0x02] : [0x02, 0x01], 24);
  return bytes;
}

export function charset(): Uint8Array {
  return Uint8Array.of(0, ...Buffer.from("OSTA Compressed Unicode"));
}
