// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { ZERO_GUID } from "../../../src/bytes/index.ts";
import { checkContainer } from "../../../src/disk/check/index.ts";
import { type OpenDiskOptions, openDisk } from "../../../src/disk/index.ts";
import { readHeader } from "../../../src/disk/vhdx/header.ts";
import { MIB, VhdxHeader } from "../../../src/disk/vhdx/layout.ts";
import { planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, readBytes } from "../../../src/io/index.ts";
import { DATA_WRITE_GUID, VhdxImage, VhdxLog } from "../../lab/vhdx.ts";
import { parentsIn } from "../parent-map.ts";
import { applySteps, countingGuids, cutsOf, expectSound, PAGE, phasesOf } from "./cuts.ts";

const BLOCK_PAGES = MIB / PAGE;
const filled = (byte: number, sizeBytes = MIB) => new Uint8Array(sizeBytes).fill(byte);
const plan = (image: ByteSource, phases: ReturnType<typeof phasesOf>, options: OpenDiskOptions = {}) =>
  planDiskWrites(image, openDisk(image, options), phases, { newGuid: countingGuids() });

const SECTORS = [{ sector: 512 }, { sector: 4096 }] as const;

describe.each(SECTORS)("a VHDX with sectors of $sector bytes", ({ sector }) => {
  const states = [
    { what: "a block that is there", block: filled(0x11) },
    { what: "a block that was never written", block: 0 },
    { what: "a block with nothing defined in it", block: 1 },
    { what: "a block of zeros", block: 2 },
    { what: "a block that was discarded", block: 3 },
  ];
  const rows = [{ isFixed: false }, { isFixed: true }].flatMap((kind) =>
    states.map((state) => ({ ...kind, ...state })),
  );

  test.each(rows)("fixed $isFixed: pages are written to $what", ({ isFixed, block }) => {
    const image = new VhdxImage({
      virtualSizeBytes: 3 * MIB,
      logicalSectorSizeBytes: sector,
      isFixed,
      blocks: new Map<number, Uint8Array | number>([
        [0, filled(0x22)],
        [1, block],
      ]),
    });
    const phases = phasesOf([[3, BLOCK_PAGES, BLOCK_PAGES + 7], [3, 9], [BLOCK_PAGES + 7]]);
    expectSound(image, phases, plan(image, phases));
  });

  test.each([
    { what: "the child has some sectors of", has: (at: number) => at % 3 === 0, bitmapOf: 0 },
    { what: "the child has no sector of", has: () => false, bitmapOf: 0 },
    { what: "the child has every sector of", has: () => true, bitmapOf: 0 },
    { what: "the child has no block for", has: undefined, bitmapOf: undefined },
    { what: "the child has no block, but stale bits for", has: undefined, bitmapOf: 1 },
    { what: "the child discarded the block of", block: 3, bitmapOf: undefined },
  ])("differencing: pages are written that $what", ({ has, bitmapOf, block }) => {
    const parentGuid = DATA_WRITE_GUID.replace(/^../, "12");
    const size = { virtualSizeBytes: 3 * MIB, logicalSectorSizeBytes: sector };
    const parent = new VhdxImage({
      ...size,
      dataWriteGuid: parentGuid,
      blocks: new Map([0, 1, 2].map((each) => [each, filled(0x40 + each)])),
    });
    const blocks = new Map<
      number,
      Uint8Array | number | { content: Uint8Array; hasSector: typeof has & {} }
    >();
    if (has !== undefined) blocks.set(0, { content: filled(0x11), hasSector: has });
    if (block !== undefined) blocks.set(0, block);
    if (bitmapOf === 1) blocks.set(1, { content: filled(0x33), hasSector: () => true });
    const image = new VhdxImage({
      ...size,
      blocks,
      parent: { parent_linkage: `{${parentGuid}}`, relative_path: ".\\base.vhdx" },
    });
    if (bitmapOf === 1) image.write(image.sizeBytes - MIB, filled(0xff, MIB / image.chunkRatio));
    const options = { resolveParent: parentsIn({ "base.vhdx": parent }) };
    const phases = phasesOf([
      [0, 1, 9],
      [1, 2],
      [0, 40],
    ]);
    const before = parent.toBytes();
    const replayed = expectSound(image, phases, plan(image, phases, options), options);
    expect(Buffer.compare(parent.toBytes(), before)).toBe(0);
    // Bits and table change through the log, unless there is nothing to change.
    expect(replayed > 0).toBe(has?.(1) !== true);
  });
});

test("identities change before anything else, both headers in turn, and the log ends unused", () => {
  const image = new VhdxImage({ virtualSizeBytes: 2 * MIB });
  const { steps } = plan(image, phasesOf([[5]]));
  const [first, second] = [1, 2].map((count) => readHeader(applySteps(image, steps.slice(0, count))));
  const identities = {
    fileWriteGuid: "00000000-0000-4000-8000-000000000001",
    dataWriteGuid: "00000000-0000-4000-8000-000000000002",
    logGuid: ZERO_GUID,
  };
  // The lab's second header, of sequence number 8, was in force.
  expect(first).toMatchObject({ offset: 64 * 1024, header: { ...identities, sequence: 9n } });
  expect(second).toMatchObject({ offset: 128 * 1024, header: { ...identities, sequence: 10n } });
  for (const step of steps.slice(0, 2)) expect(step).toHaveLength(1);

  const after = applySteps(image, steps);
  const headers = [64, 128].map((kib) => new VhdxHeader(after.read(kib * 1024, VhdxHeader.sizeBytes)));
  for (const header of headers) expect(header).toMatchObject(identities);
});

test("a page in a block that exists costs two headers and the page", () => {
  const image = new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks: new Map([[1, filled(0x22)]]) });
  const { steps, sizeBytes } = plan(image, phasesOf([[BLOCK_PAGES + 1]]));
  expect(steps.map((step) => step.map(({ bytes }) => bytes.length))).toEqual([[PAGE], [PAGE], [PAGE]]);
  expect(sizeBytes).toBe(image.sizeBytes);
});

test("a new block begins right behind a sector bitmap that ends the file, whatever the size of blocks", () => {
  const parentGuid = DATA_WRITE_GUID.replace(/^../, "12");
  const blockSizeBytes = 32 * MIB;
  const image = new VhdxImage({
    virtualSizeBytes: 2 * blockSizeBytes,
    blockSizeBytes,
    blocks: new Map([
      [0, { content: filled(0x11, blockSizeBytes), hasSector: (at: number) => at % 2 === 0 }],
    ]),
    parent: { parent_linkage: `{${parentGuid}}`, relative_path: ".\\base.vhdx" },
  });
  const parent = new VhdxImage({ virtualSizeBytes: 2 * blockSizeBytes, dataWriteGuid: parentGuid });
  const { file, sizeBytes } = plan(image, phasesOf([[blockSizeBytes / PAGE]]), {
    resolveParent: parentsIn({ "base.vhdx": parent }),
  });
  expect(sizeBytes).toBe(image.sizeBytes + blockSizeBytes);
  const codes = [...checkContainer(file)].map(({ code }) => code);
  expect(codes).not.toContain("VHDX_SPACE_LEAKED");
});

test("a new block of 256 MiB makes the file longer, and is not written", () => {
  const image = new VhdxImage({ virtualSizeBytes: 2 ** 40, blockSizeBytes: 256 * MIB });
  const phases = phasesOf([[10 ** 8]]);
  const { steps, sizeBytes } = plan(image, phases);
  expect(sizeBytes).toBe(image.sizeBytes + 256 * MIB);
  expect(steps.flat().reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(16 * PAGE);
  const disk = openDisk(applySteps(image, steps));
  expect(disk.read(10 ** 8 * PAGE, 1).getUint8(0)).toBe(0x80);
  expect(disk.read(10 ** 8 * PAGE - 1, 1).getUint8(0)).toBe(0);
});

test("entries of blocks and of their bitmap in one sector of the table do not undo each other", () => {
  const parentGuid = DATA_WRITE_GUID.replace(/^../, "12");
  const size = { virtualSizeBytes: 20 * 256 * MIB, blockSizeBytes: 256 * MIB };
  const parent = new VhdxImage({ ...size, dataWriteGuid: parentGuid });
  const image = new VhdxImage({
    ...size,
    parent: { parent_linkage: `{${parentGuid}}`, relative_path: ".\\base.vhdx" },
  });
  const options = { resolveParent: parentsIn({ "base.vhdx": parent }) };
  // A bitmap serves 16 of these blocks, and its entry stands behind theirs.
  const pages = [0, 3, 15, 16, 19].map((block) => block * 256 * BLOCK_PAGES + 1);
  const { steps } = plan(image, phasesOf([pages, pages]), options);
  const after = applySteps(image, steps);
  expect([...checkContainer(after)]).toEqual([]);
  const disk = openDisk(after, options);
  for (const page of pages) {
    const seen = [page - 1, page, page + 1].map((each) => disk.read(each * PAGE, 1).getUint8(0));
    expect(seen).toEqual([0, 0x90 + (page % 16), 0]);
  }
});

test("what a file has behind its last block never shows", () => {
  const image = new VhdxImage({ virtualSizeBytes: 4 * MIB, blocks: new Map([[1, filled(0x22)]]) });
  image.write(image.sizeBytes, filled(0xee, MIB + 700));
  const phases = phasesOf([[3], [2 * BLOCK_PAGES]]);
  expectSound(image, phases, plan(image, phases));
});

test("more blocks than one entry of the log has room for come in groups", () => {
  const image = new VhdxImage({ virtualSizeBytes: 200 * 512 * MIB });
  // A sector of the table has 512 entries: each of these pages is in a block of another sector.
  const pages = Array.from({ length: 200 }, (_, index) => index * 512 * BLOCK_PAGES);
  const { steps } = plan(image, phasesOf([pages]));
  const after = openDisk(applySteps(image, steps));
  expect(pages.every((page) => after.read(page * PAGE, 1).getUint8(0) !== 0)).toBe(true);
  for (const { step, file } of cutsOf(image, steps, 3)) {
    const disk = openDisk(file);
    for (const page of [0, 199 * 512 * BLOCK_PAGES]) {
      expect([0, 0x80, 0x80 + (page % 16)], `step ${step}`).toContain(disk.read(page * PAGE, 1).getUint8(0));
    }
  }
});

test("a disk whose end is inside of a page is written up to its end", () => {
  const sizeBytes = 2 * MIB - PAGE + 1536;
  const image = new VhdxImage({ virtualSizeBytes: sizeBytes });
  const phases = phasesOf([[2 * BLOCK_PAGES - 1], [3]], sizeBytes);
  expectSound(image, phases, plan(image, phases));
});

describe("a log that was not applied", () => {
  const pending = () => {
    const image = new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks: new Map([[0, filled(0x11)]]) });
    const log = new VhdxLog(image.sizeBytes);
    const payload = image.batOffset + MIB;
    const tail = log.append([{ at: payload, data: filled(0x55, PAGE) }]);
    log.append([{ at: payload + 8 * PAGE, zeros: 3 * PAGE }], {
      tail,
      lastFileOffset: image.sizeBytes + MIB,
    });
    return image.setLog(log);
  };

  test("is applied to the file first, and every cut is sound", () => {
    const image = pending();
    const phases = phasesOf([[1, 9], [BLOCK_PAGES + 3]]);
    const made = plan(image, phases);
    expect(made.findings.map(({ code }) => code)).toEqual(["DISK_WRITE_LOG_REPLAYED"]);
    expect(expectSound(image, phases, made)).toBeGreaterThan(0);
    const after = openDisk(applySteps(image, made.steps));
    expect(after).toMatchObject({ logState: "clean", findings: [] });
    expect([0, 8, 9].map((page) => after.read(page * PAGE, 1).getUint8(0))).toEqual([0x55, 0, 0x89]);
  });

  test("stays as it is where there is nothing to be written", () => {
    const image = pending();
    expect(plan(image, [])).toEqual({ steps: [], file: image, sizeBytes: image.sizeBytes, findings: [] });
  });
});

test("writing only reads: the image is as it was", () => {
  const image = new VhdxImage({ virtualSizeBytes: 2 * MIB, blocks: new Map([[0, filled(0x11)]]) });
  const before = image.toBytes();
  plan(image, phasesOf([[0, BLOCK_PAGES]]));
  expect(Buffer.compare(readBytes(image, 0, image.sizeBytes), before)).toBe(0);
});
