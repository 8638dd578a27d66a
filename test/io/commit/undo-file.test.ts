import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "../../../src/bytes/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { commitChanges, finishChanges, inspectUndo, rollbackChanges } from "../../../src/io/commit/index.ts";
import {
  MARK_OFFSETS,
  RECORD_FLAGS,
  RECORDS_OFFSET,
  UndoHeader,
  UndoRecord,
} from "../../../src/io/commit/layout.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { diskOf, finalOf, growingCase, IMAGE, plainCase, planOf, UNDO } from "../../faults/change-lab.ts";
import { FaultyDisk } from "../../faults/index.ts";

const all = growingCase();

function undoOf(change = all): Buffer {
  const disk = diskOf(change);
  commitChanges(IMAGE, planOf(disk, change), { storage: disk });
  return disk.bytesOf(UNDO) ?? expect.fail("there is no undo file");
}

const sound = undoOf();

/** A disk with an image and some undo file for it. */
function diskWith(undo: Buffer, image = finalOf(all)): FaultyDisk {
  const disk = new FaultyDisk();
  disk.put(IMAGE, new MemorySource(image));
  disk.put(UNDO, new MemorySource(undo));
  return disk;
}

/** What changes one undo file into another that is right in every checksum. */
type Lie = (header: UndoHeader, record: (index: number) => UndoRecord, bytes: Buffer) => void;

function lying(lie: Lie): Buffer {
  const bytes = Buffer.from(sound);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = new UndoHeader(view);
  const { recordCount, noteSize } = header;
  lie(header, (index) => new UndoRecord(view, RECORDS_OFFSET + index * UndoRecord.sizeBytes), bytes);
  const tableSize = recordCount * UndoRecord.sizeBytes + noteSize;
  header.tableChecksum = crc32c(bytes.subarray(RECORDS_OFFSET, RECORDS_OFFSET + tableSize));
  header.checksum = 0;
  header.checksum = crc32c(bytes.subarray(0, UndoHeader.sizeBytes));
  return bytes;
}

const LIES: readonly (readonly [what: string, code: string, lie: Lie])[] = [
  ["a newer version", "UNDO_VERSION", (header) => Object.assign(header, { version: 2 })],
  ["an image that becomes shorter", "UNDO_DAMAGED", (header) => Object.assign(header, { sizeAfter: 4096 })],
  ["an image of 2^60 bytes", "VALUE_TOO_LARGE", (_, __, bytes) => bytes.writeUInt32LE(0x10000000, 52)],
  ["no step", "UNDO_DAMAGED", (header) => Object.assign(header, { stepCount: 0 })],
  ["four billion steps", "UNDO_DAMAGED", (header) => Object.assign(header, { stepCount: 0xffffffff })],
  ["four billion records", "UNDO_DAMAGED", (header) => Object.assign(header, { recordCount: 0xffffffff })],
  [
    "one record less",
    "UNDO_DAMAGED",
    (header) => Object.assign(header, { recordCount: header.recordCount - 1 }),
  ],
  ["a note of 4 GiB", "UNDO_DAMAGED", (header) => Object.assign(header, { noteSize: 0xffffffff })],
  [
    "a note that is a byte longer",
    "UNDO_DAMAGED",
    (header) => Object.assign(header, { noteSize: header.noteSize + 1 }),
  ],
  ["a longer file", "UNDO_DAMAGED", (header) => Object.assign(header, { fileSize: header.fileSize + 1 })],
  [
    "another change",
    "UNDO_DAMAGED",
    (header) => Object.assign(header, { id: "00000000-0000-0000-0000-000000000001" }),
  ],
  ["a page past the end", "UNDO_DAMAGED", (_, record) => Object.assign(record(13), { offset: 2 ** 40 })],
  ["a page at 2^53", "VALUE_TOO_LARGE", (_, __, bytes) => bytes.writeUInt32LE(0x200000, RECORDS_OFFSET + 4)],
  ["a place that is no page", "UNDO_DAMAGED", (_, record) => Object.assign(record(1), { offset: 4097 })],
  [
    "a page twice in a step",
    "UNDO_DAMAGED",
    (_, record) => Object.assign(record(2), { offset: record(1).offset }),
  ],
  ["pages out of order", "UNDO_DAMAGED", (_, record) => Object.assign(record(1), { offset: 3 * 4096 })],
  ["a step after the last", "UNDO_DAMAGED", (_, record) => Object.assign(record(13), { step: 6 })],
  ["flags of another meaning", "UNDO_DAMAGED", (_, record) => Object.assign(record(1), { flags: 2 })],
  ["a watched page with flags", "UNDO_DAMAGED", (_, record) => Object.assign(record(0), { flags: 1 })],
  [
    "old bytes that are not there",
    "UNDO_DAMAGED",
    (_, record) => Object.assign(record(1), { flags: RECORD_FLAGS.oldIsZeros }),
  ],
  [
    "a page that is changed and watched",
    "UNDO_DAMAGED",
    (_, record) => Object.assign(record(0), { offset: 4096 }),
  ],
  [
    "a page that jumps between steps",
    "UNDO_DAMAGED",
    (_, record) => Object.assign(record(13), { oldChecksum: 1 }),
  ],
];

describe("an undo file", () => {
  test.each(LIES)("that tells of %s is refused with %s", (_, code, lie) => {
    const disk = diskWith(lying(lie));
    const before = disk.fingerprint();
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state: "unreadable", error: { code } });
    for (const work of [rollbackChanges, finishChanges]) {
      expect(() => work(IMAGE, { storage: disk })).toThrow(expect.objectContaining({ code }));
    }
    expect(disk.fingerprint()).toBe(before);
  });

  test("is held against its checksums before a byte of the image is written", () => {
    const bytes = Buffer.from(sound);
    const last = bytes.length - 1;
    bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
    const disk = diskWith(bytes);
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state: "committed", changedAt: undefined });
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(
      expect.objectContaining({ code: "UNDO_DAMAGED" }),
    );
    expect(disk.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
  });

  test.each([
    { what: "text", undo: Buffer.from("keep this\n") },
    { what: "text that is as long", undo: Buffer.alloc(sound.length, "keep this\n") },
  ])("that is $what is none, and stays", ({ undo }) => {
    const disk = diskWith(undo);
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({
      state: "unreadable",
      error: { code: "UNDO_DAMAGED" },
    });
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(
      expect.objectContaining({ code: "UNDO_DAMAGED" }),
    );
    expect(disk.bytesOf(UNDO)?.equals(undo)).toBe(true);
  });

  test.each([0, 1, 16, 100, 4096, 16384, 20000])(
    "of which %i bytes are left was never ready, or is damaged",
    (length) => {
      const disk = diskWith(sound.subarray(0, length), all.original);
      const state = length > MARK_OFFSETS.ready ? "unreadable" : "incomplete";
      expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state });
    },
  );

  test.each([
    { what: "of a complete change", marks: ["ready"] },
    { what: "of an interrupted change", marks: ["ready", "sealed"] },
  ] as const)("$what that lost its first mark is not taken for one that was never ready", ({ marks }) => {
    const bytes = Buffer.from(sound);
    for (const mark of marks) bytes.fill(0, MARK_OFFSETS[mark], MARK_OFFSETS[mark] + 4096);
    const disk = diskWith(bytes);
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({
      state: "unreadable",
      error: { code: "UNDO_DAMAGED" },
    });
    expect(disk.bytesOf(UNDO)?.equals(bytes)).toBe(true);
  });

  test("with any bytes changed gives the original image, leaves this one, or is refused with a code", () => {
    const change = plainCase();
    const good = undoOf(change);
    const heads = RECORDS_OFFSET + 10 * UndoRecord.sizeBytes;
    const edits = fc.array(
      fc.record({
        at: fc.oneof(fc.nat(UndoHeader.sizeBytes), fc.nat(heads - 1), fc.nat(good.length - 1)),
        value: fc.nat(255),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(edits, fc.boolean(), (list, isWhole) => {
        const bytes = Buffer.from(good);
        for (const { at, value } of list) bytes.writeUInt8(value, at);
        const disk = diskWith(isWhole ? bytes : bytes.subarray(0, list[0]?.at), finalOf(change));
        inspectUndo(IMAGE, { storage: disk });
        try {
          rollbackChanges(IMAGE, { storage: disk });
        } catch (error) {
          expect(error).toBeInstanceOf(VmguestError);
          expect(disk.bytesOf(IMAGE)?.equals(finalOf(change))).toBe(true);
          return;
        }
        const image = disk.bytesOf(IMAGE);
        expect([change.original, finalOf(change)].some((one) => image?.equals(one))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test.each(Array.from({ length: UndoHeader.sizeBytes + 40 }, (_, index) => index))(
    "with byte %i of header or first mark turned over is refused",
    (index) => {
      const at = index < UndoHeader.sizeBytes ? index : MARK_OFFSETS.ready + index - UndoHeader.sizeBytes;
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
      const found = inspectUndo(IMAGE, { storage: diskWith(bytes) });
      // The mark's reserved bytes are in its checksum too.
      expect(found.state).toBe("unreadable");
    },
  );
});
