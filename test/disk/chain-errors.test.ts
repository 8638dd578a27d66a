// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { ZERO_GUID } from "../../src/bytes/index.ts";
import { openDisk, type ParentCandidate, readChain } from "../../src/disk/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { type ByteSource, MemorySource } from "../../src/io/index.ts";
import { VhdImage, type VhdOptions } from "../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage, VhdxLog, type VhdxOptions } from "../lab/vhdx.ts";
import { parentsIn } from "./parent-map.ts";

const MIB = 1024 * 1024;
const OTHER_GUID = DATA_WRITE_GUID.replace("ff", "00");

const vhdx = (options: Partial<VhdxOptions> = {}) => new VhdxImage({ virtualSizeBytes: 4 * MIB, ...options });

/** A child of what {@link vhdx} makes. */
const vhdxChild = (options: Partial<VhdxOptions> = {}, locator: Readonly<Record<string, string>> = {}) =>
  vhdx({
    dataWriteGuid: OTHER_GUID,
    parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base", ...locator },
    ...options,
  });

const vhd = (options: Partial<VhdOptions> = {}) =>
  new MemorySource(new VhdImage({ virtualSizeBytes: 64 * 1024, blockSizeBytes: 4096, ...options }).bytes);

const VHD_PARENT = { name: "C:\\base", relativePath: ".\\base" };

const vhdChild = (options: Partial<VhdOptions> = {}) =>
  vhd({ diskType: 4, identity: 7, parent: VHD_PARENT, ...options });

function errorOf(work: () => unknown): VmguestError {
  try {
    work();
  } catch (error) {
    if (error instanceof VmguestError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const openOn = (file: ByteSource, base?: ByteSource) =>
  openDisk(file, { resolveParent: parentsIn(base === undefined ? {} : { base }) });

describe("a parent is taken", () => {
  test.each([
    { what: "whose identity is the linkage", locator: {} },
    {
      what: "whose identity is in capitals",
      locator: { parent_linkage: `{${DATA_WRITE_GUID.toUpperCase()}}` },
    },
    { what: "whose identity has no braces", locator: { parent_linkage: DATA_WRITE_GUID } },
    {
      what: "whose identity is the second linkage",
      locator: { parent_linkage: `{${OTHER_GUID}}`, parent_linkage2: `{${DATA_WRITE_GUID}}` },
    },
    { what: "although the second linkage is zero", locator: { parent_linkage2: `{${ZERO_GUID}}` } },
  ])("$what", ({ locator }) => {
    const disk = openOn(vhdxChild({}, locator), vhdx());
    expect(disk.chain.map(({ kind }) => kind)).toEqual(["differencing", "dynamic"]);
    expect(disk.kind).toBe("differencing");
    expect(disk.dataWriteGuid).toBe(OTHER_GUID);
  });

  test("behind files that are not it, in whatever way", () => {
    const wrong: ByteSource[] = [
      vhdx({ dataWriteGuid: OTHER_GUID }),
      vhd(),
      new MemorySource(new Uint8Array(9)),
    ];
    const disk = openDisk(vhdxChild(), {
      *resolveParent() {
        yield {
          name: "refused",
          isGuess: false,
          refusal: new VmguestError("DISK_PARENT_OUTSIDE", "far away"),
        };
        for (const source of wrong) yield { name: "wrong", isGuess: false, source };
        yield { name: "right", isGuess: true, source: vhdx() };
      },
    });
    expect(disk.chain.map(({ name }) => name)).toEqual([undefined, "right"]);
  });

  test("even where a fixed disk's flag stands in the child", () => {
    expect(openOn(vhdxChild({ isFixed: true }), vhdx()).kind).toBe("differencing");
  });
});

describe("a chain is refused", () => {
  test.each([
    { what: "where a VHDX has no parent", file: vhdxChild(), base: undefined, code: "DISK_PARENT_MISSING" },
    { what: "where a VHD has no parent", file: vhdChild(), base: undefined, code: "DISK_PARENT_MISSING" },
    {
      what: "where a VHDX was written to since its child was made",
      file: vhdxChild(),
      base: vhdx({ dataWriteGuid: OTHER_GUID }),
      code: "DISK_PARENT_MISMATCH",
    },
    {
      what: "where a VHD is another one",
      file: vhdChild(),
      base: vhd({ identity: 1 }),
      code: "DISK_PARENT_MISMATCH",
    },
    {
      what: "where the parent of a VHDX is a VHD",
      file: vhdxChild(),
      base: vhd(),
      code: "DISK_PARENT_FORMAT",
    },
    {
      what: "where the parent of a VHD is a VHDX",
      file: vhdChild(),
      base: vhdx(),
      code: "DISK_PARENT_FORMAT",
    },
    {
      what: "where the parent of a VHD is empty",
      file: vhdChild(),
      base: new MemorySource(new Uint8Array(0)),
      code: "DISK_PARENT_FORMAT",
    },
    {
      what: "where the parent has other sectors",
      file: vhdxChild(),
      base: vhdx({ logicalSectorSizeBytes: 4096 }),
      code: "DISK_PARENT_SECTOR_SIZE",
    },
  ])("$what: $code", ({ file, base, code }) => {
    const error = errorOf(() => openOn(file, base));
    expect(error.code).toBe(code);
    expect(error.message).toContain("base");
    expect(error.where.structure).toMatch(/^VHDX? /);
    // What was found of it is told all the same.
    const { links, error: told } = readChain(file, { resolveParent: parentsIn(base ? { base } : {}) });
    expect({ count: links.length, message: told?.message }).toEqual({ count: 1, message: error.message });
  });

  test("where the parent is damaged, saying in which file", () => {
    const base = vhdx().editRegionTables((table) => {
      table.header.signature = "xxxx";
    });
    const error = errorOf(() => openOn(vhdxChild(), base));
    expect({ code: error.code, image: error.where.image }).toEqual({
      code: "VHDX_REGION_TABLES_INVALID",
      image: "base",
    });
  });

  test("where a parent of the parent is missing, saying whose", () => {
    const middle = vhdxChild({ dataWriteGuid: DATA_WRITE_GUID }, { relative_path: ".\\gone" });
    const error = errorOf(() => openOn(vhdxChild(), middle));
    expect(error.code).toBe("DISK_PARENT_MISSING");
    expect(error.message).toContain('".\\gone"');
    expect(error.where.image).toBe("base");
  });

  test("for what is wrong with the file that was named, not with one that was guessed", () => {
    const refusal = (
      code: "DISK_PARENT_OUTSIDE" | "DISK_PARENT_CYCLE",
      isGuess: boolean,
    ): ParentCandidate => ({
      name: code,
      isGuess,
      refusal: new VmguestError(code, code),
    });
    const open = (...candidates: ParentCandidate[]) =>
      errorOf(() => openDisk(vhdxChild(), { resolveParent: () => candidates })).code;
    expect(open(refusal("DISK_PARENT_OUTSIDE", true), refusal("DISK_PARENT_CYCLE", false))).toBe(
      "DISK_PARENT_CYCLE",
    );
    expect(open(refusal("DISK_PARENT_OUTSIDE", true))).toBe("DISK_PARENT_OUTSIDE");
  });

  test("where it has more than 256 files", () => {
    // Every parent is the same file, which is its own child.
    const file = vhdChild({ identity: 7, parent: { ...VHD_PARENT, identity: 7 } });
    const last = vhd({ identity: 7 });
    const chainOf = (parentCount: number) =>
      readChain(file, {
        *resolveParent(_names, child) {
          const number = Number(child ?? 0) + 1;
          yield { name: String(number), isGuess: false, source: number === parentCount ? last : file };
        },
      });
    expect(chainOf(255)).toMatchObject({ links: { length: 256 }, error: undefined });
    expect(chainOf(256)).toMatchObject({
      links: { length: 256 },
      error: { code: "DISK_CHAIN_TOO_LONG", where: { image: "255" } },
    });
  });

  test("where more than three of its files have a log to be replayed", () => {
    const withLog = (image: VhdxImage) => {
      const log = new VhdxLog(image.sizeBytes);
      log.append([]);
      return image.setLog(log);
    };
    const file = withLog(vhdxChild({ dataWriteGuid: DATA_WRITE_GUID }));
    const last = withLog(vhdx());
    const chainOf = (parentCount: number) =>
      readChain(file, {
        *resolveParent(_names, child) {
          const number = Number(child ?? 0) + 1;
          yield { name: String(number), isGuess: false, source: number === parentCount ? last : file };
        },
      });
    expect(chainOf(2).error).toBeUndefined();
    expect(chainOf(3).error?.code).toBe("LIMIT_EXCEEDED");
  });
});

describe("what a parent lets be found", () => {
  test("a log that was not closed, in the parent's name", () => {
    const base = vhdx();
    const log = new VhdxLog(base.sizeBytes);
    log.append([]);
    const disk = openOn(vhdxChild(), base.setLog(log));
    expect(disk.logState).toBe("replayed");
    expect(disk.findings).toMatchObject([{ code: "VHDX_LOG_REPLAYED", where: { image: "base" } }]);
  });

  test.each([
    { what: "larger than its child", parentMib: 5, codes: ["DISK_PARENT_LARGER"] },
    { what: "as large", parentMib: 4, codes: [] },
    { what: "smaller, as where the child was enlarged", parentMib: 3, codes: ["DISK_PARENT_SMALLER"] },
  ])("that it is $what: $codes", ({ parentMib, codes }) => {
    const disk = openOn(vhdxChild(), vhdx({ virtualSizeBytes: parentMib * MIB }));
    expect(disk.findings.map(({ code }) => code)).toEqual(codes);
    expect(disk.sizeBytes).toBe(4 * MIB);
    expect(disk.read(4 * MIB - 8, 8).getUint32(0)).toBe(0);
  });

  test.each([
    { what: "to the second", dated: "2020-01-01T00:00:00Z", codes: [] },
    { what: "within what file systems round", dated: "2020-01-01T00:00:02Z", codes: [] },
    { what: "much later", dated: "2020-01-01T00:00:03Z", codes: ["VHD_PARENT_TIMESTAMP"] },
    { what: "much earlier", dated: "2019-12-31T23:59:57Z", codes: ["VHD_PARENT_TIMESTAMP"] },
  ])("that it is dated $what of what a VHD recorded: $codes", ({ dated, codes }) => {
    const seconds = (Date.parse("2020-01-01T00:00:00Z") - Date.parse("2000-01-01T00:00:00Z")) / 1000;
    const disk = openDisk(vhdChild({ parent: { ...VHD_PARENT, timestamp: seconds } }), {
      *resolveParent() {
        yield { name: "base", isGuess: false, source: vhd(), modifiedMs: Date.parse(dated) };
      },
    });
    expect(disk.findings.map(({ code }) => code)).toEqual(codes);
    for (const { message } of disk.findings) {
      expect(message).toContain(dated);
      expect(message).toContain("2020-01-01T00:00:00Z");
    }
  });
});

describe("reading a partially present block", () => {
  const hasSector = (sector: number) => sector % 3 === 0;
  const content = new Uint8Array(MIB).fill(0x5a);
  const child = (options: Partial<VhdxOptions> = {}) =>
    vhdxChild({ blocks: new Map([[1, { content, hasSector }]]), ...options });
  const bitmapEntry = (value: bigint) => {
    const file = child();
    return file.setBatEntry(file.chunkRatio, value);
  };
  const bitmapOf = (file: VhdxImage) => ({
    structure: "VHDX BAT entry",
    offset: file.batOffset + file.chunkRatio * 8,
  });

  test.each([
    { what: "without a bitmap", file: bitmapEntry(0n), code: "VHDX_BAT_STATE" },
    { what: "whose bitmap is in a state of blocks", file: bitmapEntry(2n), code: "VHDX_BAT_STATE" },
    { what: "whose bitmap is in the headers", file: bitmapEntry(6n), code: "VHDX_BAT_RANGE" },
    {
      what: "whose bitmap is past the end",
      file: bitmapEntry(BigInt(99 * MIB) + 6n),
      code: "VHDX_BAT_RANGE",
    },
    { what: "whose bitmap is in the log", file: bitmapEntry(BigInt(MIB) + 6n), code: "VHDX_OVERLAP" },
  ])("$what is $code, and the other blocks can be read", ({ file, code }) => {
    const disk = openOn(file, vhdx());
    const error = errorOf(() => disk.read(MIB, 512));
    expect({ code: error.code, where: error.where }).toEqual({ code, where: bitmapOf(file) });
    expect(disk.read(0, 4).getUint32(0)).toBe(0);
  });

  test("of a parent that is damaged says in which file", () => {
    const middle = child({ dataWriteGuid: DATA_WRITE_GUID });
    middle.setBatEntry(middle.chunkRatio, 0n);
    const disk = openDisk(vhdxChild(), {
      *resolveParent(_names, name) {
        yield name === undefined
          ? { name: "middle", isGuess: false, source: middle }
          : { name: "base", isGuess: false, source: vhdx() };
      },
    });
    expect(errorOf(() => disk.read(MIB, 1)).where).toEqual({ image: "middle", ...bitmapOf(middle) });
  });

  test("looks at two entries of the table and at 512 bytes of the bitmap at most", () => {
    const file = child();
    const log: [number, number][] = [];
    const spy: ByteSource = {
      sizeBytes: file.sizeBytes,
      read(offset, length) {
        log.push([offset, length]);
        return file.read(offset, length);
      },
    };
    const disk = openOn(spy, vhdx());
    log.length = 0;
    expect(disk.read(MIB + 3 * 512 + 7, 5).getUint8(0)).toBe(0x5a);
    expect(log.map(([, length]) => length)).toEqual([8, 8, 256, 5]);
  });
});

test("a piece of a parent is told to stand in the parent's file", () => {
  const base = vhdx({ blocks: new Map([[2, new Uint8Array(MIB).fill(1)]]) });
  const origins: ByteSource = {
    sizeBytes: base.sizeBytes,
    read: (offset, length) => base.read(offset, length),
    originOf: (offset) => ({ file: "base", offset }),
  };
  const disk = openOn(vhdxChild(), origins);
  const offset = base.batOffset + MIB + 100;
  expect(disk.originOf?.(2 * MIB + 100, 16)).toEqual({ file: "base", offset });
  expect(disk.originOf?.(100, 16)).toBeUndefined();
});
