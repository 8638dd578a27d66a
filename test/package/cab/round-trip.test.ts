import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { Cabinet } from "../../../src/package/cab/index.ts";
import {
  buildCabinet,
  buildCabinetSet,
  contentOf,
  type LabCut,
  type LabFolder,
  type LabMember,
  mszip,
  setPartName,
  stored,
} from "../../lab/cab.ts";
import { lzx } from "../../lab/lzx.ts";
import { nameAndDigest, openAll, readAll, resolverOf } from "./reading.ts";

const name = fc
  .array(fc.stringMatching(/^[a-z0-9_-]{1,8}$/), { minLength: 1, maxLength: 3 })
  .map((components) => components.join("\\"));
/** Bytes of any size up to a few blocks, of which some compress well and some not at all. */
const content = fc
  .tuple(
    fc.oneof(fc.constant(0), fc.nat(100), fc.nat(40_000), fc.constantFrom(32_767, 32_768, 32_769)),
    fc.nat(255),
    fc.boolean(),
  )
  .map(([size, seed, isRandom]) => patternOf(size, seed, isRandom));
const member: fc.Arbitrary<LabMember> = fc.record({ name, bytes: content });
const folder: fc.Arbitrary<LabFolder> = fc.record({
  members: fc.array(member, { minLength: 1, maxLength: 4 }),
  encoder: fc.constantFrom(stored, mszip, lzx({ windowBits: 15 })),
});
const folders = fc.array(folder, { minLength: 1, maxLength: 3 });

function patternOf(size: number, seed: number, isRandom: boolean): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed + 1;
  for (let at = 0; at < size; at++) {
    state = (state * 1_103_515_245 + 12_345) >>> 0;
    bytes[at] = isRandom ? state >>> 16 : (at >> 5) + seed;
  }
  return bytes;
}

const expected = (folders: readonly LabFolder[]) =>
  folders.flatMap(({ members }) => members.map(({ name, bytes }) => nameAndDigest(name, bytes)));

describe("what the lab writes", () => {
  test("is read back: any members, methods, reserved areas and checksums", () => {
    const layout = fc.record({
      folders,
      headerReserve: fc.constantFrom(new Uint8Array(0), new Uint8Array(20), new Uint8Array(300)),
      folderReserveBytes: fc.constantFrom(0, 1, 255),
      dataReserveBytes: fc.constantFrom(0, 3, 255),
      checksums: fc.constantFrom("none", "plain", "with-reserve"),
    });
    fc.assert(
      fc.property(layout, (cabinet) => {
        const read = Cabinet.open(new MemorySource(buildCabinet(cabinet)));
        const wanted = expected(cabinet.folders);
        expect(readAll(read)).toEqual(wanted);
        expect(openAll(read)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  test("is read back from a set of cabinets, whichever of them is opened", () => {
    const cutsOf = (folders: readonly LabFolder[]) =>
      fc.uniqueArray(
        fc.constantFrom(
          ...folders.flatMap((folder, index) =>
            (folder.encoder ?? stored)
              .encode(contentOf(folder))
              .map(({ data }, block): LabCut => ({ folder: index, block, byte: Math.ceil(data.length / 3) })),
          ),
        ),
        { maxLength: 4, selector: ({ folder, block }) => `${folder} ${block}` },
      );
    const set = folders
      .filter((folders) => folders.every((folder) => contentOf(folder).length > 0))
      .chain((folders) => fc.record({ folders: fc.constant(folders), cuts: cutsOf(folders) }));
    fc.assert(
      fc.property(set, fc.nat(4), ({ folders, cuts }, any) => {
        const parts = buildCabinetSet(folders, { cuts: cuts.toSorted(byPlace) });
        const opened = parts.get(setPartName(any % parts.size)) ?? expect.fail("no such part");
        const read = Cabinet.open(new MemorySource(opened), { resolvePart: resolverOf(parts) });
        expect(read.findings.filter(({ code }) => code !== "CAB_NAME_UNSAFE")).toEqual([]);
        expect(readAll(read)).toEqual(expected(folders));
        expect(openAll(read)).toEqual(expected(folders));
      }),
      { numRuns: 40 },
    );
  });
});

const byPlace = (a: LabCut, b: LabCut) => a.folder - b.folder || a.block - b.block;
