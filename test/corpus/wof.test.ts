import { describe, expect, test } from "vitest";
import { parseSecurityDescriptor } from "../../src/fs/ntfs/security/descriptor.ts";
import { SecurityPlace } from "../../src/fs/ntfs/security/layout.ts";
import { hashDescriptor } from "../../src/fs/ntfs/security/store.ts";
import { decompressXpress } from "../../src/fs/ntfs/wof/xpress.ts";
import { compressXpress } from "../lab/ntfs/xpress.ts";
import { readFixture } from "../support/fixtures.ts";

interface Vector {
  readonly name: string;
  readonly packed: Uint8Array;
  readonly plain: Uint8Array;
}

/** Rows `{"name", []byte("..."), []byte("..."), true}` of Go source: those of XPRESS with Huffman codes end in true. */
function goVectors(source: string): Vector[] {
  const literal = '"((?:[^"\\\\]|\\\\.)*)"';
  const row = new RegExp(
    `\\{${literal}, \\[\\]byte\\(${literal}\\), \\[\\]byte\\(${literal}\\), true\\}`,
    "gs",
  );
  return [...source.matchAll(row)].map(([, name = "", packed = "", plain = ""]) => ({
    name,
    packed: goBytes(packed),
    plain: goBytes(plain),
  }));
}

/** Bytes of a Go string literal. */
function goBytes(literal: string): Uint8Array {
  const letters: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
  const parts = literal.matchAll(/\\x([0-9a-fA-F]{2})|\\([0-7]{3})|\\(.)|([^\\]+)/gs);
  const bytes = [...parts].map(([, hex, octal, letter, plain]) => {
    if (hex !== undefined) return Buffer.from(hex, "hex");
    if (octal !== undefined) return Buffer.of(Number.parseInt(octal, 8));
    if (letter !== undefined) return Buffer.of(letters[letter] ?? letter.charCodeAt(0));
    return Buffer.from(plain ?? "");
  });
  return new Uint8Array(Buffer.concat(bytes));
}

describe("go-ntfs: XPRESS with Huffman codes, made by a reference encoder", () => {
  /** A chunk of WOF has 16 KiB at most; the format has blocks of 64 KiB, of which longer vectors have several. */
  const BLOCK_SIZE_BYTES = 65_536;
  /**
   * Written by hand: it has the bytes of a length one word sooner than MS-XCA 2.2.4 reads them, and than wimlib, whose
   * chunks Windows reads, writes them.
   */
  const FOREIGN = "Huff0";
  const vectors = ["go-ntfs-huffman_vectors.txt", "go-ntfs-xpress_test_data.go"]
    .flatMap((name) => goVectors(readFixture(`ntfs/parts/${name}`).toString()))
    .filter(({ name, plain }) => name !== FOREIGN && plain.length > 0 && plain.length <= BLOCK_SIZE_BYTES);

  test("there are some of them", () => {
    expect(vectors.length).toBeGreaterThan(10);
  });

  test.each(vectors)("$name", ({ packed, plain }) => {
    expect(Buffer.from(decompressXpress(packed, plain.length)).equals(plain)).toBe(true);
    expect(Buffer.from(decompressXpress(compressXpress(plain), plain.length)).equals(plain)).toBe(true);
  });
});

test("dissect: every descriptor of a $SDS made by Windows has its hash, and is read", () => {
  const stream = readFixture("ntfs/parts/dissect-sds.bin");
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const rows: string[] = [];
  for (let at = 0; at + SecurityPlace.sizeBytes <= view.byteLength; ) {
    const { securityId, offset, length, hash } = new SecurityPlace(view, at);
    if (length === 0) break;
    const place = view.byteOffset + at + SecurityPlace.sizeBytes;
    const descriptor = new DataView(view.buffer, place, length - SecurityPlace.sizeBytes);
    expect(offset).toBe(at);
    expect(hashDescriptor(descriptor)).toBe(hash);
    const { owner, group, access } = parseSecurityDescriptor(descriptor, { offset: at });
    const row = `${securityId.toString(16)} ${owner} ${group} ${access?.length}`;
    rows.push(row.replaceAll("S-1-5-21-311151722-437878493-4115995562", "USER"));
    at = Math.ceil((at + length) / 16) * 16;
  }
  expect(rows).toEqual([
    "100 S-1-5-18 S-1-5-32-544 2",
    "101 S-1-5-18 S-1-5-32-544 2",
    "102 S-1-5-32-544 S-1-5-18 2",
    "103 S-1-5-32-544 S-1-5-18 2",
    "104 S-1-5-18 S-1-5-18 1",
    "105 S-1-5-32-544 S-1-5-18 1",
    "106 S-1-5-18 S-1-5-18 1",
    "107 USER-1000 USER-513 8",
    "108 USER-1000 USER-513 3",
    "109 USER-1000 USER-513 3",
    "10a USER-1000 USER-513 3",
    "10b USER-1000 USER-513 4",
  ]);
});
