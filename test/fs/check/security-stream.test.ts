import { describe, expect, test } from "vitest";
import { readSecurityStream } from "../../../src/fs/ntfs/check/security-stream.ts";
import { MemorySource } from "../../../src/io/index.ts";

const COPY_AT = 0x40000;
/** The descriptor with identifier 0x100 on volumes that Windows formats. */
const DESCRIPTOR = Buffer.from(
  "01000480480000005400000000000000140000000200340002000000000014008900120001010000000000051200000000001800890012000102000000000005200000002002000001010000000000051200000001020000000000052000000020020000",
  "hex",
);
const HASH = 0x32fec6cb;
const ENTRY_SIZE = 20 + DESCRIPTOR.length;
/** Entries begin on 16 bytes. */
const STRIDE = 128;

/** $SDS with so many entries of one descriptor, and their second copies. */
function layStream(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(COPY_AT + ids.length * STRIDE);
  const view = new DataView(bytes.buffer);
  for (const [index, id] of ids.entries()) {
    const at = index * STRIDE;
    view.setUint32(at, HASH, true);
    view.setUint32(at + 4, id, true);
    view.setBigUint64(at + 8, BigInt(at), true);
    view.setUint32(at + 16, ENTRY_SIZE, true);
    bytes.set(DESCRIPTOR, at + 20);
  }
  bytes.copyWithin(COPY_AT, 0, ids.length * STRIDE);
  return bytes;
}

function read(bytes: Uint8Array) {
  const faults: string[] = [];
  const ids = readSecurityStream(new MemorySource(bytes), (code, _, offset) =>
    faults.push(`${code} ${offset}`),
  );
  return { ids, faults };
}

describe("$Secure:$SDS", () => {
  test("gives its identifiers", () => {
    expect(read(layStream([0x100, 0x101, 0x102]))).toEqual({
      ids: new Set([0x100, 0x101, 0x102]),
      faults: [],
    });
    expect(read(new Uint8Array(0))).toEqual({ ids: new Set(), faults: [] });
  });

  test.each<readonly [string, string[], number]>([
    ["a hash of something else", ["NTFS_SECURITY_STREAM 128"], STRIDE],
    ["a descriptor that changed", ["NTFS_SECURITY_STREAM 128"], STRIDE + 40],
    ["a second copy that changed", ["NTFS_SECURITY_MIRROR 262272"], COPY_AT + STRIDE + 40],
  ])("with %s is %s, and still gives its identifiers", (_, faults, at) => {
    const bytes = layStream([0x100, 0x101]);
    bytes[at] = (bytes[at] as number) ^ 1;
    expect(read(bytes)).toEqual({ ids: new Set([0x100, 0x101]), faults });
  });

  test.each<readonly [string, number]>([
    ["place", STRIDE + 8],
    ["length", STRIDE + 18],
  ])("with an entry of a wrong %s gives no identifiers: others may follow", (_, at) => {
    const bytes = layStream([0x100, 0x101]);
    bytes[at] = 0xff;
    expect(read(bytes)).toEqual({ ids: undefined, faults: ["NTFS_SECURITY_STREAM 128"] });
  });
});
