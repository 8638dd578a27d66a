import { describe, expect, test } from "vitest";
import type { Code } from "../../../../src/errors.ts";
import { type CreateOptions, NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay, readBytes } from "../../../../src/io/index.ts";
import { layNtfs, type NtfsOptions } from "../../../lab/ntfs.ts";
import { AT, bench, lay, noise, OPEN_TO_ALL } from "./volumes.ts";

const codeOf = (code: Code) => expect.objectContaining({ code });

describe("a volume is not written to", () => {
  test.each<{ code: Code; laid: NtfsOptions }>([
    { code: "NTFS_DIRTY", laid: { volumeFlags: 0x0001 } },
    { code: "NTFS_CHKDSK_RUNNING", laid: { volumeFlags: 0x4000 } },
    { code: "NTFS_FLAGS", laid: { volumeFlags: 0x0002 } },
    { code: "NTFS_LOG_UNCLEAN", laid: { logFile: "unclean" } },
    { code: "NTFS_LOG_V2", laid: { logFile: "v2" } },
    { code: "NTFS_LOG_UNREADABLE", laid: { logFile: new Uint8Array(65_536) } },
    {
      code: "GUEST_HIBERNATED",
      laid: { files: { "hiberfil.sys": { content: page("hibr"), storage: "clusters" } } },
    },
    {
      code: "GUEST_HIBERFILE_UNKNOWN",
      laid: { files: { "hiberfil.sys": { content: page("what"), storage: "clusters" } } },
    },
    { code: "NTFS_WRITE_VERSION", laid: { version: [3, 0] } },
  ])("$code", ({ code, laid }) => {
    expect(() => bench(lay(laid))).toThrow(codeOf(code));
  });

  test("NTFS_MIRROR_DIFFERS where a copy of a record is another one", () => {
    const bytes = lay();
    const { mftMirrorOffset } = bench(bytes).open().geometry;
    bytes[mftMirrorOffset + 0x60] = (bytes[mftMirrorOffset + 0x60] ?? 0) ^ 1;
    expect(() => bench(bytes)).toThrow(codeOf("NTFS_MIRROR_DIFFERS"));
  });

  test("NTFS_BOOT_DAMAGED where the backup had to be used", () => {
    const bytes = lay();
    bytes.fill(0, 0, 16);
    expect(() => bench(bytes)).toThrow(codeOf("NTFS_BOOT_DAMAGED"));
  });

  test("NTFS_WRITE_DAMAGED where a record in use cannot be read, so that its clusters are unknown", () => {
    const laid = layNtfs({ spareClusters: 50, files: { "a.bin": noise(9000), "d/x": "x" } });
    laid.bytes.fill(
      0xee,
      laid.recordOffset(laid.recordNumber("a.bin")),
      laid.recordOffset(laid.recordNumber("a.bin")) + 8,
    );
    const writer = NtfsWriter.open(new Overlay(new MemorySource(laid.bytes)));
    expect(() => writer.replaceContent("d/x", noise(9000), AT)).toThrow(codeOf("NTFS_WRITE_DAMAGED"));
  });
});

function page(signature: string): Uint8Array {
  const bytes = new Uint8Array(8192);
  bytes.set(Buffer.from(signature));
  return bytes;
}

interface Refused {
  readonly what: string;
  readonly code: Code;
  readonly laid?: NtfsOptions;
  readonly change: (writer: NtfsWriter) => void;
}

const PLAIN = { "d/a.txt": "a", "d/large.bin": noise(20_000) };
const LONG = "long name ".repeat(10).trim();
const replace = (writer: NtfsWriter) => writer.replaceContent("d/x", noise(10), AT);
const create = (path: string, options: Partial<CreateOptions> = {}) => {
  return (writer: NtfsWriter) => void writer.createFile(path, noise(10), { ...AT, ...options });
};

const REFUSED: readonly Refused[] = [
  { what: "a name with a star", code: "NTFS_WRITE_NAME", change: create("d/a*.txt") },
  { what: "a name that ends in a dot", code: "NTFS_WRITE_NAME", change: create("d/a.") },
  { what: "a name of a device", code: "NTFS_WRITE_NAME", change: create("d/con.txt") },
  { what: "no name", code: "NTFS_WRITE_NAME", change: create("/") },
  { what: "a name that is too long", code: "NTFS_WRITE_NAME", change: create(`d/${"x".repeat(256)}`) },
  { what: "a name in another case", code: "NTFS_WRITE_EXISTS", change: create("D/A.TXT") },
  { what: "a directory that is not there", code: "NOT_FOUND", change: create("e/a.txt") },
  { what: "a file as a directory", code: "NTFS_NOT_A_DIRECTORY", change: create("d/a.txt/b.txt") },
  {
    what: "a directory that distinguishes case",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { d: { isDirectory: true, isCaseSensitive: true } } },
    change: create("d/a.txt"),
  },
  {
    what: "a directory of several records",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { d: { isDirectory: true, attributeList: "resident" }, "d/x": "x" } },
    change: create("d/a.txt"),
  },
  {
    what: "a directory that is a junction",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { d: { isDirectory: true, reparse: { tag: 0xa0000003 } } } },
    change: create("d/a.txt"),
  },
  {
    what: "a compressed file",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { "d/x": { content: new Uint8Array(99_999), storage: "compressed" } } },
    change: replace,
  },
  {
    what: "a sparse file",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { "d/x": { content: new Uint8Array(99_999), storage: "sparse" } } },
    change: (writer) => writer.extend("d/x", 200_000, AT),
  },
  {
    what: "a file with hard links",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { "d/x": { content: "x", links: ["d/y"] } } },
    change: replace,
  },
  {
    what: "a file of several records",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { "d/x": { content: noise(9000), attributeList: "resident" } } },
    change: (writer) => writer.overwrite("d/x", 0, noise(10), "arming"),
  },
  {
    what: "a file behind a reparse point",
    code: "NTFS_WRITE_TARGET",
    laid: { files: { "d/x": { content: "x", reparse: { tag: 0x80000017 } } } },
    change: replace,
  },
  {
    what: "a directory as a file",
    code: "NTFS_IS_A_DIRECTORY",
    change: (writer) => writer.extend("d", 10, AT),
  },
  {
    what: "bytes past the end",
    code: "NTFS_WRITE_RANGE",
    change: (writer) => writer.overwrite("d/large.bin", 19_999, noise(2), "arming"),
  },
  {
    what: "bytes that were never written",
    code: "NTFS_WRITE_RANGE",
    laid: { files: { "d/x": { content: noise(9000), storage: "clusters", initializedSizeBytes: 5000 } } },
    change: (writer) => writer.overwrite("d/x", 4990, noise(20), "arming"),
  },
  {
    what: "a shorter file",
    code: "NTFS_WRITE_RANGE",
    change: (writer) => writer.extend("d/large.bin", 10, AT),
  },
  {
    what: "a file that somebody else made",
    code: "NTFS_WRITE_NOT_MADE",
    change: (writer) =>
      writer.deleteFile("d/a.txt", { recordNumber: 99, sequence: 1, shortName: undefined }, AT),
  },
  {
    what: "a directory that holds something",
    code: "NTFS_WRITE_NOT_EMPTY",
    change: (writer) => {
      const made = writer.createDirectory("e", AT);
      writer.createFile("e/a.txt", noise(1), AT);
      writer.deleteDirectory("e", made, AT);
    },
  },
  {
    what: "permissions that let everybody write",
    code: "NTFS_WRITE_SECURITY",
    laid: { descriptors: new Map([[0x100, OPEN_TO_ALL]]), files: PLAIN },
    change: create("d/b.txt"),
  },
  {
    what: "permissions of a file that lets everybody write",
    code: "NTFS_WRITE_SECURITY",
    laid: { descriptors: new Map([[0x100, OPEN_TO_ALL]]), files: PLAIN },
    change: create("d/b.txt", { securityLike: "d/a.txt" }),
  },
  {
    what: "more than there is space for",
    code: "NTFS_WRITE_NO_SPACE",
    change: (writer) => void writer.createFile("d/b.bin", noise(2_000_000), AT),
  },
  {
    what: "a record that $MFT would have to grow for where several records describe it",
    code: "NTFS_WRITE_MFT_FULL",
    laid: { spareRecords: 0, mftPieces: 3, mftAttributeList: "resident", files: PLAIN },
    change: (writer) => {
      // Reserved records that are free may serve first.
      for (let index = 0; index < 10; index++) writer.createFile(`d/${index}.txt`, noise(1), AT);
    },
  },
  {
    what: "a name that the record of a directory has no room to lead to",
    code: "NTFS_WRITE_RECORD_FULL",
    laid: {
      files: {
        [`d/${LONG}`]: {
          isDirectory: true,
          streams: { "a stream": { content: noise(400), storage: "resident" } },
        },
      },
    },
    change: create(`d/${LONG}/${LONG}`),
  },
];

test.each(REFUSED)("$what: $code, and nothing has changed", ({ code, laid = { files: PLAIN }, change }) => {
  const { writer, overlay } = bench(lay(laid));
  let before: Buffer | undefined;
  const remember = () => {
    before = Buffer.from(readBytes(overlay, 0, overlay.sizeBytes));
  };
  remember();
  const spied = spy(writer, remember);
  expect(() => change(spied)).toThrow(codeOf(code));
  expect(Buffer.from(readBytes(overlay, 0, overlay.sizeBytes)).equals(before ?? Buffer.alloc(0))).toBe(true);
});

/** The writer, with a call after every operation that succeeds. */
function spy(writer: NtfsWriter, after: () => void): NtfsWriter {
  return new Proxy(writer, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = method.apply(target, args);
        after();
        return result;
      };
    },
  });
}
