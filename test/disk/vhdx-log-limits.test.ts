// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { openVhdx } from "../../src/disk/index.ts";
import { MIB } from "../../src/disk/vhdx/layout.ts";
import { type LogChange, VhdxLog } from "../lab/vhdx.ts";
import { at, filled, image, logOf, plainImage, SECTOR } from "./two-block-image.ts";

const openError = (log: VhdxLog) => () => openVhdx(plainImage().setLog(log));
const coded = (code: string) => expect.objectContaining({ code });

describe("a log that cannot be replayed", () => {
  test("because it holds no entry is VHDX_LOG_NO_SEQUENCE", () => {
    expect(openError(logOf())).toThrow(coded("VHDX_LOG_NO_SEQUENCE"));
  });

  test("because the file became shorter is VHDX_TRUNCATED", () => {
    const log = logOf();
    log.append([], { flushedFileOffset: image.sizeBytes + 1 });
    expect(openError(log)).toThrow(coded("VHDX_TRUNCATED"));
  });

  test.each([
    { target: "the first header", at: 64 * 1024 },
    { target: "the second header", at: 128 * 1024 },
    { target: "the log itself", at: MIB + 16 * SECTOR },
    { target: "no whole sector", at: at(0) + 512 },
    { target: "the end of the file and beyond", at: image.sizeBytes },
  ])("because it would write to $target is VHDX_LOG_TARGET", ({ at: target }) => {
    for (const change of [
      { at: target, data: filled(1) },
      { at: target, zeros: SECTOR },
    ]) {
      const log = logOf();
      log.append([change]);
      expect(openError(log)).toThrow(coded("VHDX_LOG_TARGET"));
    }
  });

  test.each([
    { zeros: 2 ** 52, code: "VHDX_LOG_TARGET" },
    { zeros: 2 ** 63, code: "VALUE_TOO_LARGE" },
    { zeros: 100, code: "VHDX_LOG_TARGET" },
  ])("because it would zero $zeros bytes is $code", ({ zeros, code }) => {
    const log = logOf();
    log.append([{ at: at(0), zeros }]);
    expect(openError(log)).toThrow(coded(code));
  });

  test("because the disk behind it has no end is told apart from a large one", () => {
    const log = logOf();
    log.append([{ at: at(0), zeros: 2 ** 40 }], { lastFileOffset: 2 ** 50 });
    expect(openVhdx(plainImage().setLog(log)).read(0, 1).getUint8(0)).toBe(0);
  });

  test("because it is longer than any real one is LIMIT_EXCEEDED", () => {
    const long = plainImage(257 * MIB);
    expect(() => openVhdx(long.setLog(logOf()))).toThrow(coded("LIMIT_EXCEEDED"));
  });

  test("because its entries overlap over and over is LIMIT_EXCEEDED", () => {
    const log = logOf();
    for (let position = 0; position < MIB; position += SECTOR) {
      log.position = position;
      log.append([]);
      // Claims to be as long as the log, nothing but slack behind the header.
      new DataView(log.bytes.buffer).setUint32(position + 8, MIB, true);
    }
    expect(openError(log)).toThrow(coded("LIMIT_EXCEEDED"));
  });

  const hugeLog = (lengthMib: number, changes: LogChange[]) => {
    const lengthBytes = lengthMib * MIB;
    const large = plainImage(lengthBytes);
    const log = new VhdxLog(large.sizeBytes, { lengthBytes });
    log.append(changes, { lastFileOffset: 2 ** 40 });
    return () => openVhdx(large.setLog(log));
  };
  const far = (sector: number) => 2 ** 39 + sector * SECTOR;

  test("because it writes more than fits into memory is LIMIT_EXCEEDED", () => {
    const data = filled(1);
    const changes = Array.from({ length: 16_385 }, (_, sector) => ({ at: far(sector), data }));
    expect(hugeLog(65, changes)).toThrow(/writes more than 16384 sectors/);
  });

  test("because it zeroes too many ranges is LIMIT_EXCEEDED", () => {
    const changes = Array.from({ length: 16_385 }, (_, sector) => ({ at: far(2 * sector), zeros: SECTOR }));
    expect(hugeLog(1, changes)).toThrow(/zeroes more than 16384 ranges/);
  });

  test("because it keeps zeroing what is to be looked through is LIMIT_EXCEEDED", () => {
    const data = filled(1);
    const written = Array.from({ length: 4097 }, (_, sector) => ({ at: far(sector), data }));
    const zeroed = Array.from({ length: 4097 }, () => ({ at: far(10_000), zeros: 5000 * SECTOR }));
    expect(hugeLog(17, [...written, ...zeroed])).toThrow(/over and over again/);
  });
});
