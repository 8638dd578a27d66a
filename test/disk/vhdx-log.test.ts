// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openVhdx } from "../../src/disk/index.ts";
import { checksumOf } from "../../src/disk/vhdx/checksum.ts";
import { MIB } from "../../src/disk/vhdx/layout.ts";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { type LogChange, makeLogEntry, type VhdxLog } from "../lab/vhdx.ts";
import { at, filled, image, logOf, plainImage, SECTOR } from "./two-block-image.ts";

/** The first byte of each of the first eight sectors of the disk after replay. */
function firstBytes(log: VhdxLog): number[] {
  const disk = openVhdx(plainImage().setLog(log));
  expect(disk.logState).toBe("replayed");
  return Array.from({ length: 8 }, (_, sector) => disk.read(sector * SECTOR, 1).getUint8(0));
}

const openError = (log: VhdxLog) => () => openVhdx(plainImage().setLog(log));
const coded = (code: string) => expect.objectContaining({ code });

describe("a log entry", () => {
  const data = Uint8Array.from({ length: SECTOR }, (_, index) => 7 * index + 3);
  const fields = {
    sequence: 0x1122334455667788n,
    tail: 0,
    guid: "0f0e0d0c-0b0a-0908-0706-050403020100",
    flushedFileOffset: 0x400000,
    lastFileOffset: 0x400000,
  };
  const entry = makeLogEntry(fields, [{ at: 0x300000, data }]);

  test("of the published vector is made byte for byte", () => {
    expect(createHash("sha256").update(entry).digest("hex")).toBe(
      "158c36bdabccc8c58e76f4d64e9a8eb0255a0c3e789ac1678508f1a7bb605ed6",
    );
    expect(Buffer.from(entry.subarray(0, 96)).toString("hex")).toBe(
      "6c6f6765183c4f2a0020000000000000887766554433221101000000000000000c0d0e0f0a0b0809070605040302010000004000000000000000400000000000" +
        "64657363e7eef5fc030a11181f262d3400003000000000008877665544332211",
    );
  });

  test("of the published vector is applied: the BAT becomes what it says", () => {
    const bat = new Uint8Array(SECTOR);
    new DataView(bat.buffer).setBigUint64(0, BigInt(at(0)) + 6n, true);
    const log = logOf();
    log.append([{ at: image.batOffset, data: bat }]);
    const disk = openVhdx(plainImage().setLog(log));
    expect(disk.read(0, 1).getUint8(0)).toBe(0x11);
    expect(disk.read(MIB, 1).getUint8(0)).toBe(0);
  });
});

describe("the replay of a log", () => {
  test("is a finding that says nothing was changed, and leaves every byte of the file as it was", () => {
    const log = logOf();
    log.append([{ at: at(0), data: filled(0xaa) }]);
    const bytes = plainImage().setLog(log).toBytes();
    const before = createHash("sha256").update(bytes).digest("hex");
    const disk = openVhdx(new MemorySource(bytes));
    expect(disk.read(0, 1).getUint8(0)).toBe(0xaa);
    readBytes(disk, 0, disk.sizeBytes);
    expect(disk.findings).toMatchObject([{ code: "VHDX_LOG_REPLAYED", severity: "info" }]);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(before);
  });

  test("does not happen where the header names no log, whatever stands there", () => {
    const log = logOf();
    log.append([{ at: at(0), data: filled(0xaa) }]);
    const clean = plainImage();
    clean.write(MIB, log.bytes);
    const disk = openVhdx(clean);
    expect(disk.logState).toBe("clean");
    expect(disk.read(0, 1).getUint8(0)).toBe(0x11);
  });

  test("changes nothing where the only entry has no descriptors", () => {
    const log = logOf();
    log.append([]);
    expect(firstBytes(log)).toEqual(Array(8).fill(0x11));
  });

  test("applies descriptors in order: the last one to name a sector wins", () => {
    const log = logOf();
    log.append([
      { at: at(0), data: filled(1) },
      { at: at(1), zeros: 3 * SECTOR },
      { at: at(2), data: filled(2) },
      { at: at(3), data: filled(3) },
      { at: at(3), zeros: SECTOR },
      { at: at(0), data: filled(4) },
    ]);
    expect(firstBytes(log)).toEqual([4, 0, 2, 0, 0x11, 0x11, 0x11, 0x11]);
  });

  test("restores the bytes of a sector that the log keeps in the descriptor", () => {
    const sector = Uint8Array.from({ length: SECTOR }, (_, index) => index * 31 + 1);
    const log = logOf();
    log.append([{ at: at(5), data: sector }]);
    expect(readBytes(openVhdx(plainImage().setLog(log)), 5 * SECTOR, SECTOR)).toEqual(sector);
  });

  test("goes through more descriptors than the first sector of an entry has room for", () => {
    const changes = Array.from({ length: 130 }, (_, index) => ({ at: at(index % 8), data: filled(index) }));
    const log = logOf();
    log.append(changes);
    expect(firstBytes(log)).toEqual([128, 129, 122, 123, 124, 125, 126, 127]);
  });

  test.each([
    { what: "between two entries", position: MIB - 2 * SECTOR },
    { what: "behind the header of an entry", position: MIB - SECTOR },
    { what: "between the data sectors of an entry", position: MIB - 3 * SECTOR },
  ])("goes on at the begin of the log where it wraps $what", ({ position }) => {
    const log = logOf({ position });
    const first = log.append([{ at: at(0), data: filled(1) }]);
    log.append(
      [
        { at: at(1), data: filled(2) },
        { at: at(2), data: filled(3) },
      ],
      { tail: first },
    );
    expect(firstBytes(log)).toEqual([1, 2, 3, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  test("takes a sequence that fills the whole log", () => {
    const log = logOf({ position: 512 * 1024 });
    const first = log.append([{ at: at(0), data: filled(1) }]);
    for (let entry = 1; entry < 128; entry++)
      log.append([{ at: at(1), data: filled(entry) }], { tail: first });
    expect(log.position).toBe(first);
    expect(firstBytes(log)).toEqual([1, 127, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  test("begins with the tail of the last entry: what came before is in its place already", () => {
    const log = logOf();
    log.append([{ at: at(0), data: filled(1) }]);
    const tail = log.append([{ at: at(1), data: filled(2) }]);
    log.append([{ at: at(2), data: filled(3) }], { tail });
    expect(firstBytes(log)).toEqual([0x11, 2, 3, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  test("follows the sequence with the highest number, wherever older ones stand", () => {
    const log = logOf({ sequence: 50n });
    log.append([{ at: at(0), data: filled(1) }]);
    log.sequence = 90n;
    log.append([{ at: at(1), data: filled(2) }]);
    log.sequence = 70n;
    log.append([{ at: at(2), data: filled(3) }]);
    expect(firstBytes(log)).toEqual([0x11, 2, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  test("compares sequence numbers in 64 bits", () => {
    const log = logOf({ sequence: 2n ** 53n });
    log.append([{ at: at(0), data: filled(1) }]);
    log.sequence = 2n ** 53n + 1n;
    log.append([{ at: at(1), data: filled(2) }], { tail: 0 });
    expect(firstBytes(log).slice(0, 2)).toEqual([1, 2]);
  });

  test("passes over a sequence whose tail is no entry of it", () => {
    const log = logOf({ sequence: 50n });
    log.append([{ at: at(0), data: filled(1) }]);
    log.sequence = 90n;
    log.append([{ at: at(1), data: filled(2) }], { tail: 20 * SECTOR });
    expect(firstBytes(log)).toEqual([1, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  test("passes over a sequence whose tail is inside an entry of it", () => {
    const log = logOf({ sequence: 50n });
    log.append([{ at: at(0), data: filled(1) }]);
    log.sequence = 90n;
    const position = log.append([{ at: at(1), data: filled(2) }]);
    log.append([{ at: at(2), data: filled(3) }], { tail: position + SECTOR });
    expect(firstBytes(log)).toEqual([1, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]);
  });

  const tornAt = (inEntry: number, byte = 0xee) => {
    const log = logOf();
    const first = log.append([{ at: at(0), data: filled(1) }]);
    const second = log.append([{ at: at(1), data: filled(2) }], { tail: first });
    log.bytes[second + inEntry] = byte;
    return log;
  };
  test.each([
    { part: "signature", offset: 0 },
    { part: "checksum", offset: 4 },
    { part: "length", offset: 9 },
    { part: "sequence number", offset: 16 },
    { part: "number of descriptors", offset: 24 },
    { part: "log GUID", offset: 32 },
    { part: "descriptor signature", offset: 64 },
    { part: "descriptor sequence number", offset: 88 },
    { part: "data sector signature", offset: SECTOR },
    { part: "upper half of the data sector's sequence number", offset: SECTOR + 4 },
    { part: "payload", offset: SECTOR + 2000 },
    { part: "lower half of the data sector's sequence number", offset: SECTOR + SECTOR - 1 },
  ])("ends before an entry that is torn in its $part", ({ offset }) => {
    expect(firstBytes(tornAt(offset)).slice(0, 2)).toEqual([1, 0x11]);
  });

  const u32 = (offset: number, value: number) => (view: DataView) => view.setUint32(offset, value, true);
  test.each([
    { what: "no length", edit: u32(8, 0) },
    { what: "a length of no whole sectors", edit: u32(8, SECTOR + 512) },
    { what: "a length without its data sector", edit: u32(8, SECTOR) },
    { what: "a tail past the end of the log", edit: u32(12, MIB) },
    { what: "a tail inside a sector", edit: u32(12, 8) },
    { what: "more descriptors than room", edit: u32(24, 2 ** 32 - 1) },
    { what: "more descriptors than data sectors", edit: (view: DataView) => repeatDescriptor(view) },
    { what: "a descriptor of another kind", edit: u32(64, 0x6b6e756a) },
    { what: "a descriptor of another entry", edit: u32(88, 1) },
    { what: "a data sector without signature", edit: u32(SECTOR, 0) },
    { what: "a data sector of another upper half", edit: u32(SECTOR + 4, 1) },
    { what: "a data sector of another lower half", edit: u32(2 * SECTOR - 4, 1) },
  ])("ends before an entry that has $what, be its checksum right", ({ edit }) => {
    const log = logOf();
    const first = log.append([{ at: at(0), data: filled(1) }]);
    log.append([{ at: at(1), data: filled(2) }], { tail: first }, edit);
    expect(firstBytes(log).slice(0, 2)).toEqual([1, 0x11]);
  });

  function repeatDescriptor(view: DataView): void {
    new Uint8Array(view.buffer).copyWithin(96, 64, 96);
    view.setUint32(24, 2, true);
  }

  test("does not take 0 for a sequence number", () => {
    const log = logOf({ sequence: 0n });
    const first = log.append([{ at: at(0), data: filled(1) }]);
    log.append([{ at: at(1), data: filled(2) }], { tail: first });
    expect(openError(log)).toThrow(coded("VHDX_LOG_NO_SEQUENCE"));
  });

  test("ends before an entry that reaches around the log to where the sequence began", () => {
    const log = logOf();
    log.append([{ at: at(0), zeros: SECTOR }]);
    const position = log.append([{ at: at(1), zeros: SECTOR }], { tail: 0 });
    const header = new DataView(log.bytes.buffer, position, SECTOR);
    header.setUint32(8, MIB, true);
    const inOrder = new Uint8Array(MIB);
    inOrder.set(log.bytes.subarray(position));
    inOrder.set(log.bytes.subarray(0, position), MIB - position);
    header.setUint32(4, checksumOf(new DataView(inOrder.buffer)), true);
    expect(firstBytes(log).slice(0, 2)).toEqual([0, 0x11]);
  });

  test("ends before an entry of another log", () => {
    const log = logOf();
    const first = log.append([{ at: at(0), data: filled(1) }]);
    log.append([{ at: at(1), data: filled(2) }], {
      tail: first,
      guid: "00000000-0000-0000-0000-00000000000a",
    });
    expect(firstBytes(log).slice(0, 2)).toEqual([1, 0x11]);
  });

  test("ends before a gap in the sequence numbers", () => {
    const log = logOf({ sequence: 50n });
    log.append([{ at: at(0), data: filled(1) }]);
    log.sequence = 40n;
    log.append([{ at: at(1), data: filled(2) }]);
    expect(firstBytes(log).slice(0, 2)).toEqual([1, 0x11]);
  });

  test("reaches the region table, the metadata and the BAT before they are read", () => {
    const dirty = plainImage();
    const log = logOf();
    const intact = (offset: number) => ({ at: offset, data: readBytes(dirty, offset, SECTOR).slice() });
    const places = [192 * 1024, dirty.metadataOffset, dirty.metadataOffset + 65_536, dirty.batOffset];
    log.append(places.map(intact));
    for (const offset of places) dirty.write(offset, new Uint8Array(SECTOR));
    const disk = openVhdx(dirty.setLog(log));
    expect(disk.findings.map(({ code }) => code)).toEqual(["VHDX_LOG_REPLAYED"]);
    expect(disk.read(MIB, 1).getUint8(0)).toBe(0x22);
  });

  test("lets the file grow: what lies behind its end reads as zeros", () => {
    const grown = plainImage();
    const lastFileOffset = grown.sizeBytes + MIB;
    const bat = readBytes(grown, grown.batOffset, SECTOR).slice();
    new DataView(bat.buffer).setBigUint64(8, BigInt(grown.sizeBytes) + 6n, true);
    const log = logOf();
    log.append(
      [
        { at: grown.batOffset, data: bat },
        { at: grown.sizeBytes + SECTOR, data: filled(9) },
      ],
      {
        lastFileOffset,
      },
    );
    const disk = openVhdx(grown.setLog(log));
    expect([0, SECTOR, 2 * SECTOR].map((offset) => disk.read(MIB + offset, 1).getUint8(0))).toEqual([
      0, 9, 0,
    ]);
    expect(readBytes(disk, MIB - 2, SECTOR + 4).filter((byte) => byte !== 0)).toEqual(
      Uint8Array.of(0x11, 0x11, 9, 9),
    );
  });

  test("gives what applying every change in turn to a copy gives, over any ranges", () => {
    const area = 16;
    const change = fc.oneof(
      fc.record({ sector: fc.nat(area - 1), byte: fc.integer({ min: 1, max: 255 }) }),
      fc.record({ sector: fc.nat(area - 1), zeros: fc.nat(5) }),
    );
    const entries = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 6 });
    const ranges = fc.array(fc.tuple(fc.nat(area * SECTOR), fc.nat(3 * SECTOR)), { minLength: 1 });
    fc.assert(
      fc.property(entries, fc.nat(255), ranges, (changes, startSector, reads) => {
        const model = new Uint8Array(MIB).fill(0x11);
        const log = logOf({ position: startSector * SECTOR });
        for (const entry of changes) {
          const described = entry.map((step): LogChange => {
            const start = step.sector * SECTOR;
            if ("byte" in step) {
              model.fill(step.byte, start, start + SECTOR);
              return { at: at(step.sector), data: filled(step.byte) };
            }
            model.fill(0, start, start + step.zeros * SECTOR);
            return { at: at(step.sector), zeros: step.zeros * SECTOR };
          });
          log.append(described, { tail: startSector * SECTOR });
        }
        const disk = openVhdx(plainImage().setLog(log));
        return reads.every(([offset, length]) => {
          const found = readBytes(disk, offset, length);
          return Buffer.compare(found, model.subarray(offset, offset + length)) === 0;
        });
      }),
      { numRuns: 60 },
    );
  });
});
