import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../../src/fs/index.ts";
import { ATTRIBUTE } from "../../../../src/fs/ntfs/layout.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../../src/io/index.ts";
import { inRecord, nonResident, value } from "../../../lab/ntfs/damage.ts";
import { packWof, WOF_ALGORITHMS, wofFile, wofReparse, words } from "../../../lab/ntfs/wof.ts";
import { buildNtfs, type FileOptions, layNtfs } from "../../../lab/ntfs.ts";

const [XPRESS4K] = WOF_ALGORITHMS;
const all = (source: ByteSource) => Buffer.from(readBytes(source, 0, source.sizeBytes));

/** Text, noise and zeros by turns: chunks that are compressed, and chunks that are stored. */
function mixed(sizeBytes: number): Uint8Array {
  let state = sizeBytes;
  return Uint8Array.from({ length: sizeBytes }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const kind = Math.floor(at / 20_000) % 3;
    return kind === 0 ? 0x61 + (at % 13) : kind === 1 ? state >>> 24 : 0;
  });
}

const node = (file: FileOptions) =>
  openNtfs(new MemorySource(buildNtfs({ files: { f: file } }))).require("f");

describe.each(WOF_ALGORITHMS)("a file compressed by $name", (algorithm) => {
  const { chunkSizeBytes } = algorithm;

  test.each([0, 1, chunkSizeBytes - 1, chunkSizeBytes, chunkSizeBytes + 1, 5 * chunkSizeBytes - 7, 70_000])(
    "of %i bytes reads as it was",
    (sizeBytes) => {
      const content = mixed(sizeBytes);
      const file = node(wofFile(content, algorithm));
      expect(file.sizeBytes).toBe(sizeBytes);
      expect(all(file.open()).equals(content)).toBe(true);
      expect(file.isStoredPlainly).toBe(false);
    },
  );

  test("reads the same from any place on", () => {
    const content = mixed(150_000);
    const source = node(wofFile(content, algorithm)).open();
    const range = fc.tuple(fc.nat(content.length), fc.nat(60_000));
    fc.assert(
      fc.property(range, ([offset, length]) => {
        const fitting = Math.min(length, content.length - offset);
        const bytes = readBytes(source, offset, fitting);
        expect(Buffer.from(bytes).equals(content.subarray(offset, offset + fitting))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

test("a read touches its chunks only, and a chunk that was just read is not read again", () => {
  const content = mixed(60 * 4096);
  const bytes = buildNtfs({ files: { f: wofFile(content, XPRESS4K) } });
  const reads: number[] = [];
  const volume = openNtfs({
    sizeBytes: bytes.length,
    read(offset, length) {
      reads.push(length);
      return new DataView(bytes.buffer, offset, length);
    },
  });
  const source = volume.require("f").open();
  reads.length = 0;
  source.read(20 * 4096 + 100, 50);
  // Two entries of the table, and the chunk.
  expect(reads).toHaveLength(3);
  expect(reads.reduce((total, length) => total + length, 0)).toBeLessThan(4096 + 9);
  source.read(20 * 4096 + 10, 4000);
  expect(reads).toHaveLength(3);
});

test("a read past the end is OUT_OF_BOUNDS", () => {
  const source = node(wofFile(mixed(5000), XPRESS4K)).open();
  expect(() => source.read(4999, 2)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
});

test("the compressed stream may be in pieces, of a file that needs an attribute list", () => {
  const content = mixed(200_000);
  const stream = { content: packWof(content, XPRESS4K), storage: "fragmented", pieceClusters: 1 } as const;
  const file = node({
    ...wofFile(content, XPRESS4K),
    streams: { WofCompressedData: stream },
    attributeList: "resident",
    runsPerExtent: 5,
  });
  expect(all(file.open()).equals(content)).toBe(true);
});

describe("what is not read:", () => {
  test.each([
    { what: "a file in a WIM file", reparse: wofReparse(0, { provider: 1 }), says: /WIM file \(WIMBoot\)/ },
    { what: "another provider", reparse: wofReparse(0, { provider: 3 }), says: /provider 3/ },
    { what: "another version", reparse: wofReparse(0, { version: 2 }), says: /version 2/ },
    {
      what: "another version of the file provider",
      reparse: wofReparse(0, { fileVersion: 2 }),
      says: /version 2/,
    },
    { what: "another algorithm", reparse: wofReparse(4), says: /compression 4/ },
  ])("$what is WOF_UNSUPPORTED", ({ reparse, says }) => {
    const file = node({ ...wofFile(mixed(9000), XPRESS4K), reparse });
    expect(() => file.open()).toThrow(
      expect.objectContaining({
        code: "WOF_UNSUPPORTED",
        message: expect.stringMatching(says),
        where: { path: "f" },
      }),
    );
  });

  test("an encrypted stream is NTFS_ENCRYPTED", () => {
    const streams = { WofCompressedData: { content: "x", flags: 0x4000 } };
    expect(() => node({ ...wofFile(mixed(9000), XPRESS4K), streams }).open()).toThrow(
      expect.objectContaining({ code: "NTFS_ENCRYPTED" }),
    );
  });
});

describe("damage:", () => {
  const CONTENT = mixed(3 * 4096);
  const packed = (stream: Uint8Array): FileOptions => ({
    ...wofFile(CONTENT, XPRESS4K),
    streams: { WofCompressedData: { content: stream } },
  });
  const withTable = (...offsets: number[]) => {
    const stream = packWof(CONTENT, XPRESS4K);
    stream.set(words(...offsets));
    return packed(stream);
  };

  test.each([
    {
      what: "no stream",
      file: { ...packed(new Uint8Array(0)), streams: {} },
      says: /no stream of compressed data/,
    },
    { what: "an empty stream", file: packed(new Uint8Array(0)), says: /0 bytes cannot hold 3 chunks/ },
    {
      what: "a stream that holds a table alone",
      file: packed(new Uint8Array(8)),
      says: /8 bytes cannot hold/,
    },
  ])("$what is WOF_TABLE when the file is opened", ({ file, says }) => {
    expect(() => node(file).open()).toThrow(
      expect.objectContaining({
        code: "WOF_TABLE",
        message: expect.stringMatching(says),
        where: expect.objectContaining({ path: "f:WofCompressedData" }),
      }),
    );
  });

  test.each([
    { what: "a chunk past the stream", file: withTable(0xffff_fff0, 0xffff_fff4), chunk: 0 },
    { what: "a chunk of no bytes", file: withTable(0), chunk: 0 },
    { what: "chunks in no order", file: withTable(700, 300), chunk: 1 },
    { what: "a last chunk past the stream", file: withTable(300, 60_000), chunk: 2 },
  ])("$what is WOF_TABLE when it is read", ({ file, chunk }) => {
    const source = node(file).open();
    expect(() => source.read(chunk * 4096, 1)).toThrow(
      expect.objectContaining({
        code: "WOF_TABLE",
        message: expect.stringContaining(`chunk ${chunk} is from`),
      }),
    );
  });

  test("a chunk that takes more than it stands for is WOF_CHUNK", () => {
    const stream = new Uint8Array(8 + 4097 + 10);
    stream.set(words(4097, 4100));
    expect(() => node(packed(stream)).open().read(0, 1)).toThrow(
      expect.objectContaining({
        code: "WOF_CHUNK",
        message: "the chunk takes 4097 bytes, more than the 4096 it stands for",
        where: { path: "f:WofCompressedData", structure: "chunk 0", offset: 8 },
      }),
    );
  });

  test("a chunk that cannot be expanded is WOF_CHUNK at its place, and the others are read", () => {
    const stream = packWof(CONTENT, XPRESS4K);
    const start = 8 + new DataView(stream.buffer).getUint32(0, true);
    stream.fill(0xff, start, start + 256);
    const source = node(packed(stream)).open();
    expect(() => source.read(4096, 1)).toThrow(
      expect.objectContaining({
        code: "WOF_CHUNK",
        where: { path: "f:WofCompressedData", structure: "chunk 1", offset: start },
      }),
    );
    expect(Buffer.from(readBytes(source, 8192, 4096)).equals(CONTENT.subarray(8192))).toBe(true);
  });

  test("a size of 2^50 bytes, which the stream cannot hold, is WOF_TABLE at once", () => {
    const volume = layNtfs({ files: { f: wofFile(CONTENT, XPRESS4K) } });
    const sizes = { dataSize: 2 ** 50, allocatedSize: 2 ** 50 };
    inRecord("f", nonResident(ATTRIBUTE.data, sizes))(volume);
    const file = openNtfs(new MemorySource(volume.bytes)).require("f");
    expect(file.sizeBytes).toBe(2 ** 50);
    expect(() => file.open()).toThrow(
      expect.objectContaining({ code: "WOF_TABLE", message: expect.stringContaining("274877906944 chunks") }),
    );
  });

  test.each([8, 15, 23])("a reparse point of %i bytes is too short for WOF: NTFS_ATTRIBUTE", (sizeBytes) => {
    const data = wofReparse(0).data.subarray(0, sizeBytes - 8);
    expect(() => node({ reparse: { tag: 0x80000017, data } }).open()).toThrow(
      expect.objectContaining({ code: "NTFS_ATTRIBUTE", message: expect.stringContaining("too short") }),
    );
  });

  test("a reparse point that claims more than it has is NTFS_ATTRIBUTE", () => {
    const volume = layNtfs({ files: { f: wofFile(CONTENT, XPRESS4K) } });
    inRecord(
      "f",
      value(ATTRIBUTE.reparsePoint, (point) => point.setUint16(4, 17, true)),
    )(volume);
    expect(() => openNtfs(new MemorySource(volume.bytes)).require("f").open()).toThrow(
      expect.objectContaining({ code: "NTFS_ATTRIBUTE", message: expect.stringContaining("claims 25") }),
    );
  });
});
