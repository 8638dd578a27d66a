// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { type OpenDiskOptions, openDisk } from "../../../src/disk/index.ts";
import { VhdDynamicHeader, VhdFooter } from "../../../src/disk/vhd/layout.ts";
import { planDiskWrites } from "../../../src/disk/write/index.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { VhdImage, type VhdPartialBlock } from "../../lab/vhd.ts";
import { parentsIn } from "../parent-map.ts";
import { applySteps, countingGuids, cutsOf, expectSound, PAGE, phasesOf } from "./cuts.ts";

const BLOCK = 64 * 1024;
const BLOCK_PAGES = BLOCK / PAGE;
/** So many blocks that the table ends where the data of the first block begins at a multiple of 4 KiB. */
const BLOCK_COUNT = 300;
const SIZE = BLOCK_COUNT * BLOCK;

const filled = (byte: number) => new Uint8Array(BLOCK).fill(byte);
const sourceOf = ({ bytes }: VhdImage) => new MemorySource(bytes);
const plan = (image: ByteSource, phases: ReturnType<typeof phasesOf>, options: OpenDiskOptions = {}) =>
  planDiskWrites(image, openDisk(image, options), phases, { newGuid: countingGuids() });

describe("a dynamic VHD", () => {
  const layout = { virtualSizeBytes: SIZE, blockSizeBytes: BLOCK };

  test.each([
    { what: "a block that is there", pages: [[0, 3], [3], [15]] },
    { what: "a block that is not", pages: [[100, 103], [100], [115]] },
    {
      what: "old and new blocks",
      pages: [
        [0, 100, 4000],
        [1, 101],
        [0, 4799],
      ],
    },
  ])("takes pages in $what", ({ pages }) => {
    const image = sourceOf(new VhdImage({ ...layout, blocks: new Map([[0, filled(0x11)]]) }));
    const phases = phasesOf(pages);
    const made = plan(image, phases);
    expect(made.findings).toEqual([]);
    expectSound(image, phases, made);
    // Data of new blocks begin at multiples of 4 KiB as well, so that a page of the disk is a page of the file.
    expect(plan(applySteps(image, made.steps), phasesOf([[5], [100]])).findings).toEqual([]);
  });

  test("has no block whose sectors do not all count as written, for who goes by its bits", () => {
    const image = sourceOf(new VhdImage(layout));
    const table = new VhdDynamicHeader(image.read(512, VhdDynamicHeader.sizeBytes)).tableOffset;
    const { steps } = plan(image, phasesOf([[100, 4000]]));
    let blockCount = 0;
    for (const { file } of cutsOf(image, steps, 2)) {
      for (let block = 0; block < BLOCK_COUNT; block++) {
        const sector = file.read(table + block * 4, 4).getUint32(0);
        if (sector === 0xffffffff) continue;
        blockCount++;
        expect(readBytes(file, sector * 512, BLOCK_PAGES).every((bits) => bits === 0xff)).toBe(true);
      }
    }
    expect(blockCount).toBeGreaterThan(2);
  });

  test("keeps its identity and its time stamp, at both places of the footer", () => {
    const image = sourceOf(
      new VhdImage({ ...layout, identity: 7 }).editFooters((footer) => {
        footer.timestamp = 12345;
      }),
    );
    const { steps, sizeBytes } = plan(image, phasesOf([[100]]));
    const after = applySteps(image, steps);
    const old = readBytes(image, 0, VhdFooter.sizeBytes);
    for (const offset of [0, sizeBytes - VhdFooter.sizeBytes]) {
      expect(Buffer.compare(readBytes(after, offset, VhdFooter.sizeBytes), old)).toBe(0);
    }
    // Where it was before is nothing that could be taken for a footer.
    expect(after.read(image.sizeBytes - VhdFooter.sizeBytes, 8).getBigUint64(0)).toBe(0n);
  });

  test("with blocks that are not aligned is written in whole sectors, and the plan says so", () => {
    const blocks = new Map([0, 1, 2].map((block) => [block, filled(0x20 + block)]));
    const image = sourceOf(new VhdImage({ virtualSizeBytes: 4 * BLOCK, blockSizeBytes: BLOCK, blocks }));
    const phases = phasesOf([[0, 20], [20, 50], [33]]);
    const made = plan(image, phases);
    expect(made.findings.map(({ code }) => code)).toEqual(["DISK_WRITE_UNALIGNED"]);
    expectSound(image, phases, made, { unit: 512 });
  });

  test("marks sectors of a block as written that were not", () => {
    const block: VhdPartialBlock = { content: filled(0), hasSector: (sector) => sector === 9 };
    const image = sourceOf(new VhdImage({ ...layout, blocks: new Map([[0, block]]) }));
    const phases = phasesOf([[1, 2]]);
    const made = plan(image, phases);
    expectSound(image, phases, made);
    const table = new VhdDynamicHeader(image.read(512, VhdDynamicHeader.sizeBytes)).tableOffset;
    const bitmap = image.read(table, 4).getUint32(0) * 512;
    const bits = readBytes(applySteps(image, made.steps), bitmap, 4);
    expect([...bits]).toEqual([0, 0xff, 0xff, 0]);
  });
});

describe("a differencing VHD", () => {
  const size = { virtualSizeBytes: SIZE, blockSizeBytes: BLOCK };
  const parent = sourceOf(
    new VhdImage({
      ...size,
      identity: 1,
      blocks: new Map([0, 7].map((block) => [block, filled(0x40 + block)])),
    }),
  );
  const options = { resolveParent: parentsIn({ "base.vhd": parent }) };
  const blocks: { what: string; block: VhdPartialBlock | undefined }[] = [
    {
      what: "the child has some sectors of",
      block: { content: filled(0x11), hasSector: (at) => at % 3 === 0 },
    },
    { what: "the child has no sector of", block: { content: filled(0x11), hasSector: () => false } },
    { what: "the child has every sector of", block: { content: filled(0x11), hasSector: () => true } },
    { what: "the child has no block for", block: undefined },
  ];

  test.each(blocks)("takes pages that $what", ({ block }) => {
    const image = sourceOf(
      new VhdImage({
        ...size,
        diskType: 4,
        identity: 2,
        blocks: new Map(block === undefined ? [] : [[0, block]]),
        parent: { name: "base.vhd", relativePath: ".\\base.vhd", identity: 1 },
      }),
    );
    const phases = phasesOf([
      [0, 1, 9],
      [1, 2, 7 * BLOCK_PAGES],
      [0, 20 * BLOCK_PAGES],
    ]);
    const made = plan(image, phases, options);
    expect(made.findings).toEqual([]);
    expectSound(image, phases, made, options);
  });
});

describe.each([
  {
    what: "a fixed VHD",
    make: (bytes: Uint8Array) =>
      sourceOf(new VhdImage({ virtualSizeBytes: bytes.length, diskType: 2, content: bytes })),
  },
  { what: "a raw disk", make: (bytes: Uint8Array) => new MemorySource(bytes) },
])("$what", ({ make }) => {
  test("is written in place, a step for each phase", () => {
    const sizeBytes = 8 * PAGE + 1024;
    const image = make(Uint8Array.from({ length: sizeBytes }, (_, at) => at % 251));
    const phases = phasesOf([[0, 8], [3], [0]], sizeBytes);
    const made = plan(image, phases);
    expect(made.steps.map((step) => step.map(({ offset }) => offset))).toEqual([
      [0, 8 * PAGE],
      [3 * PAGE],
      [0],
    ]);
    expect(made.sizeBytes).toBe(image.sizeBytes);
    expectSound(image, phases, made);
    const after = applySteps(image, made.steps);
    const rest = image.sizeBytes - sizeBytes;
    expect(readBytes(after, sizeBytes, rest)).toEqual(readBytes(image, sizeBytes, rest));
    expect(openDisk(after).sizeBytes).toBe(sizeBytes);
  });
});
