import { describe, expect, test } from "vitest";
import { openNtfs, readNtfsState } from "../../../src/fs/index.ts";
import { readLogState } from "../../../src/fs/ntfs/log-state.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { editProtected, editRecord } from "../../lab/ntfs/edit.ts";
import { buildNtfs, encodeLogFile, layNtfs, type NtfsOptions, type RestartOptions } from "../../lab/ntfs.ts";

const stateOf = (options: NtfsOptions) => readNtfsState(openNtfs(new MemorySource(buildNtfs(options))));

/** The first page of a hiberfil.sys with this signature. */
function hiberfile(signature: string, sizeBytes = 8192): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(new TextEncoder().encode(signature));
  return bytes;
}

describe("the state of a volume", () => {
  test("that was shut down properly has nothing to report", () => {
    expect(stateOf({ files: { "hiberfil.sys": hiberfile("") } })).toEqual({
      version: "3.1",
      flags: [],
      logFile: "clean",
      hiberfile: "inactive",
      state: [],
      findings: [],
    });
  });

  test.each([
    { volumeFlags: 0x0001, flags: ["dirty"], state: ["dirty"], codes: ["NTFS_DIRTY"] },
    { volumeFlags: 0x4000, flags: ["chkdsk"], state: ["chkdsk"], codes: ["NTFS_CHKDSK_RUNNING"] },
    {
      volumeFlags: 0x4001,
      flags: ["dirty", "chkdsk"],
      state: ["dirty", "chkdsk"],
      codes: ["NTFS_DIRTY", "NTFS_CHKDSK_RUNNING"],
    },
    { volumeFlags: 0x0002, flags: ["resize-log"], state: ["flags"], codes: ["NTFS_FLAGS"] },
    { volumeFlags: 0x0004, flags: ["upgrade"], state: ["flags"], codes: ["NTFS_FLAGS"] },
    {
      volumeFlags: 0x0038,
      flags: ["nt4", "delete-usn", "repair-object-id"],
      state: ["flags"],
      codes: ["NTFS_FLAGS"],
    },
    { volumeFlags: 0x8000, flags: ["modified-by-chkdsk"], state: [], codes: [] },
    { volumeFlags: 0x0080, flags: ["0x0080"], state: [], codes: [] },
  ])("with flags $volumeFlags is $state", ({ volumeFlags, flags, state, codes }) => {
    const found = stateOf({ volumeFlags });
    expect(found).toMatchObject({ flags, state });
    expect(found.findings.map(({ code }) => code)).toEqual(codes);
  });

  test.each([
    { logFile: "clean", state: [], codes: [] },
    { logFile: "empty", state: [], codes: [] },
    { logFile: "unclean", state: ["log-unclean"], codes: ["NTFS_LOG_UNCLEAN"] },
    { logFile: "v2", state: ["log-v2"], codes: ["NTFS_LOG_V2"] },
  ] as const)("with a log that is $logFile is $state", ({ logFile, state, codes }) => {
    const found = stateOf({ logFile });
    expect(found).toMatchObject({ logFile, state });
    expect(found.findings.map(({ code }) => code)).toEqual(codes);
  });

  test.each([
    { what: "a memory image", file: hiberfile("hibr"), hiberfile: "hibernated" },
    { what: "a memory image of an older Windows", file: hiberfile("HIBR"), hiberfile: "hibernated" },
    { what: "an image that was resumed from", file: hiberfile("wake"), hiberfile: "inactive" },
    { what: "the same of an older Windows", file: hiberfile("WAKE"), hiberfile: "inactive" },
    { what: "zeros", file: hiberfile(""), hiberfile: "inactive" },
    {
      what: "zeros that were never written",
      file: { content: hiberfile("hibr"), storage: "clusters", initializedSizeBytes: 0 },
      hiberfile: "inactive",
    },
    { what: "a resume in progress", file: hiberfile("rstr"), hiberfile: "unknown" },
    { what: "a link", file: hiberfile("link"), hiberfile: "unknown" },
    { what: "something else in the first page", file: hiberfile("\0\0\0\0x"), hiberfile: "unknown" },
    { what: "less than a page", file: hiberfile("", 4095), hiberfile: "unknown" },
    {
      what: "compressed data",
      file: { content: hiberfile(""), storage: "compressed" },
      hiberfile: "unknown",
    },
    { what: "a hole", file: { content: hiberfile(""), storage: "sparse" }, hiberfile: "unknown" },
    {
      what: "a reparse point",
      file: { content: hiberfile(""), reparse: { tag: 0x80000017 } },
      hiberfile: "unknown",
    },
    { what: "files: it is a directory", file: { isDirectory: true }, hiberfile: "unknown" },
  ] as const)("with a hiberfil.sys that holds $what is $hiberfile", ({ file, hiberfile: expected }) => {
    const found = stateOf({ files: { "HIBERFIL.SYS": file } });
    const words = { inactive: [], hibernated: ["hibernated"], unknown: ["hiberfile-unknown"] }[expected];
    expect(found).toMatchObject({ hiberfile: expected, state: words });
    expect(found.findings.map(({ code }) => code)).toEqual(
      { inactive: [], hibernated: ["GUEST_HIBERNATED"], unknown: ["GUEST_HIBERFILE_UNKNOWN"] }[expected],
    );
  });

  test("whose log cannot be reached is unreadable, with what stands in the way", () => {
    const volume = layNtfs();
    editRecord(volume, 2, (record) => record.setUint16(0x16, 0, true));
    const found = readNtfsState(openNtfs(new MemorySource(volume.bytes)));
    expect(found).toMatchObject({ logFile: "unreadable", state: ["log-unreadable"] });
    expect(found.findings.map(({ code }) => code)).toEqual(["NTFS_RECORD_NOT_IN_USE", "NTFS_LOG_UNREADABLE"]);
  });

  test("whose root cannot be searched has an unknown hiberfil.sys", () => {
    const volume = layNtfs({ files: { "hiberfil.sys": hiberfile("hibr") } });
    editRecord(volume, 10, (record) => record.setUint16(0x16, 0, true));
    const found = readNtfsState(openNtfs(new MemorySource(volume.bytes)));
    expect(found).toMatchObject({ hiberfile: "unknown", state: ["hiberfile-unknown"] });
    expect(found.findings.map(({ code }) => code)).toEqual([
      "NTFS_RECORD_NOT_IN_USE",
      "GUEST_HIBERFILE_UNKNOWN",
    ]);
  });
});

describe("the state of a log", () => {
  const clean: RestartOptions = { clientInUseList: 0xffff };
  const open: RestartOptions = { clientInUseList: 0 };

  test.each([
    { what: "no client has it open", pages: [clean, clean], state: "clean" },
    {
      what: "a client has it open, but the volume is flagged clean",
      pages: [{ ...open, flags: 2 }, open],
      state: "clean",
    },
    { what: "a client has it open", pages: [open, open], state: "unclean" },
    {
      what: "the second page is newer",
      pages: [
        { ...clean, currentLsn: 1n },
        { ...open, currentLsn: 2n },
      ],
      state: "unclean",
    },
    {
      what: "the first page is newer",
      pages: [
        { ...clean, currentLsn: 2n ** 60n },
        { ...open, currentLsn: 2n },
      ],
      state: "clean",
    },
    { what: "the first page is wiped", pages: [undefined, open], state: "unclean" },
    { what: "the second page is wiped", pages: [clean, undefined], state: "clean" },
    { what: "both are wiped", pages: [undefined, undefined], state: "empty" },
    { what: "chkdsk was there", pages: [{ ...clean, signature: "CHKD" }, undefined], state: "clean" },
    {
      what: "its version is 2.0",
      pages: [{ ...clean, majorVersion: 2, minorVersion: 0, flags: 2 }, clean],
      state: "v2",
    },
    { what: "its version is 3.0", pages: [{ ...clean, majorVersion: 3 }, undefined], state: "unreadable" },
    {
      what: "pages have 64 KiB",
      pages: [
        { ...clean, pageSizeBytes: 65_536 },
        { ...open, currentLsn: 500n },
      ],
      state: "unclean",
    },
  ] as const)("is $state where $what", ({ pages, state }) => {
    expect(readLogState(new MemorySource(encodeLogFile(pages)))).toBe(state);
  });

  test.each([
    {
      fault: "is torn in its first page",
      edit: (log: Uint8Array) => log.fill(1, 1022, 1024),
      state: "unclean",
    },
    {
      fault: "is torn in both",
      edit: (log: Uint8Array) => log.fill(1, 1022, 1024).fill(1, 6142, 6144),
      state: "unreadable",
    },
    { fault: "is full of zeros", edit: (log: Uint8Array) => log.fill(0), state: "unreadable" },
    {
      fault: "is wiped but for a byte",
      edit: (log: Uint8Array) => log.fill(0xff).fill(0, 5000, 5001),
      state: "unreadable",
    },
    {
      fault: "says that a page has 3 bytes",
      edit: (log: Uint8Array) => log.fill(3, 0x10, 0x11).fill(0, 0x11, 0x14),
      state: "unclean",
    },
    {
      fault: "has its restart areas outside their pages",
      edit: (log: Uint8Array) => {
        for (const page of [0, 4096])
          editProtected(log, page, 4096, (view) => view.setUint16(0x18, 4090, true));
      },
      state: "unreadable",
    },
  ])("is $state where it $fault", ({ edit, state }) => {
    const log = encodeLogFile([clean, open]);
    edit(log);
    expect(readLogState(new MemorySource(log))).toBe(state);
  });

  test.each([0, 29, 30, 4095, 4096, 8191])(
    "is unreadable or told by one page where it has %i bytes",
    (sizeBytes) => {
      const log = encodeLogFile([clean, open]).subarray(0, sizeBytes);
      expect(readLogState(new MemorySource(log))).toBe(sizeBytes < 4096 ? "unreadable" : "clean");
    },
  );
});
