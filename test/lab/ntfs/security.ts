// SPDX-License-Identifier: MIT
import { SecurityPlace } from "../../../src/fs/ntfs/security/layout.ts";
import type { LabIndexEntry } from "./index-tree.ts";
import { concat } from "./records.ts";

const BLOCK_SIZE_BYTES = 0x40000;

/** $SDS with its mirror blocks, and the entries of $SII. Descriptors that do not fit one pair of blocks are a mistake. */
export function encodeSecurity(descriptors: ReadonlyMap<number, Uint8Array>): {
  stream: Uint8Array;
  entries: LabIndexEntry[];
} {
  const entries: LabIndexEntry[] = [];
  const block = new Uint8Array(BLOCK_SIZE_BYTES);
  let end = 0;
  let offset = 0;
  for (const [securityId, bytes] of [...descriptors].toSorted(([one], [other]) => one - other)) {
    const place = new SecurityPlace(new DataView(new ArrayBuffer(SecurityPlace.sizeBytes)));
    const length = SecurityPlace.sizeBytes + bytes.length;
    Object.assign(place, { hash: hashOf(bytes), securityId, offset, length });
    const data = new Uint8Array(place.view.buffer);
    block.set(concat([data, bytes]), offset);
    const key = new Uint8Array(Uint32Array.of(securityId).buffer);
    entries.push({ key, data, recordNumber: 0, sequence: 0 });
    end = offset + length;
    offset = Math.ceil(end / 16) * 16;
  }
  return { stream: end === 0 ? new Uint8Array(0) : concat([block, block.subarray(0, end)]), entries };
}

/** The hash of a descriptor, written down a second time: with numbers that cannot overflow. */
export function hashOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0n;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const rotated = ((hash << 3n) | (hash >> 29n)) & 0xffffffffn;
    hash = (rotated + BigInt(view.getUint32(at, true))) & 0xffffffffn;
  }
  return Number(hash);
}

export interface LabDescriptor {
  readonly owner?: string;
  readonly group?: string;
  readonly access?: readonly LabAccessEntry[];
}

export interface LabAccessEntry {
  readonly type?: number;
  readonly flags?: number;
  readonly mask: number;
  readonly sid: string;
}

/** A self-relative security descriptor. */
export function encodeDescriptor({ owner, group, access }: LabDescriptor): Uint8Array {
  const parts: Uint8Array[] = [];
  const header = new DataView(new ArrayBuffer(20));
  header.setUint8(0, 1);
  header.setUint16(2, 0x8000 + (access === undefined ? 0 : 4), true);
  let at = header.byteLength;
  const put = (field: number, part: Uint8Array | undefined) => {
    if (part === undefined) return;
    header.setUint32(field, at, true);
    parts.push(part);
    at += part.length;
  };
  put(16, access === undefined ? undefined : encodeAcl(access));
  put(4, owner === undefined ? undefined : encodeSid(owner));
  put(8, group === undefined ? undefined : encodeSid(group));
  return concat([new Uint8Array(header.buffer), ...parts]);
}

function encodeAcl(entries: readonly LabAccessEntry[]): Uint8Array {
  const encoded = entries.map(({ type = 0, flags = 0, mask, sid }) => {
    const sidBytes = encodeSid(sid);
    const head = new DataView(new ArrayBuffer(8));
    head.setUint8(0, type);
    head.setUint8(1, flags);
    head.setUint16(2, 8 + sidBytes.length, true);
    head.setUint32(4, mask, true);
    return concat([new Uint8Array(head.buffer), sidBytes]);
  });
  const header = new DataView(new ArrayBuffer(8));
  header.setUint8(0, 2);
  header.setUint16(2, 8 + encoded.reduce((total, { length }) => total + length, 0), true);
  header.setUint16(4, entries.length, true);
  return concat([new Uint8Array(header.buffer), ...encoded]);
}

/** `S-1-5-18` in bytes. */
export function encodeSid(sid: string): Uint8Array {
  const [, revision = 0, authority = 0, ...parts] = sid.split("-").map(Number);
  const view = new DataView(new ArrayBuffer(8 + parts.length * 4));
  view.setUint8(0, revision);
  view.setUint8(1, parts.length);
  view.setUint16(2, Math.floor(authority / 2 ** 32));
  view.setUint32(4, authority % 2 ** 32);
  for (const [index, part] of parts.entries()) view.setUint32(8 + index * 4, part, true);
  return new Uint8Array(view.buffer);
}
