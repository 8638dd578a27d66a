import { describe, expect, test } from "vitest";
import { checkContainer } from "../../src/disk/check/index.ts";
import { CODES, type Finding } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import { checkPartitions } from "../../src/volume/check/index.ts";
import { layGpt, layMbr } from "../lab/guest-image.ts";
import { buildHive, type HiveTree, seal } from "../lab/hive.ts";
import { buildNtfs } from "../lab/ntfs.ts";
import { vhdOf } from "../lab/vhd.ts";
import { VhdxImage } from "../lab/vhdx.ts";
import { mutateBytes, mutations, seededRandom } from "./mutation.ts";

const SECONDS = Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60) / 6;
const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);

/** More than any of these images could give honestly: a list without end. */
const FINDINGS_MAX = 1_000_000;

type Random = ReturnType<typeof seededRandom>;

const MIB = 1024 * 1024;
const volume = buildNtfs({});
const tree: HiveTree = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [
    `Key${index}`,
    { Text: "some text", Large: new Uint8Array(20_000) },
  ]),
);
const hive = Buffer.from(buildHive(tree, { leafCountMax: 10 }));
const vhd = Buffer.from(vhdOf(new Uint8Array(4 * MIB).fill(1)).bytes);
const disks = [layGpt([volume]), layMbr([volume])].map((disk) => Buffer.from(disk));

/** A VHDX whose headers and region tables are put right again, so that the check gets past them. */
function damagedVhdx(random: Random): VhdxImage {
  const blocks = new Map([0, 3, 9].map((block) => [block, new Uint8Array(16)]));
  const image = new VhdxImage({ virtualSizeBytes: 64 * MIB, blocks });
  const ranges = [
    { offset: 64 * 1024, byteCount: 128 },
    { offset: 192 * 1024, byteCount: 128 },
    { offset: image.metadataOffset, byteCount: 256 },
    { offset: image.metadataOffset + 64 * 1024, byteCount: 64 },
    { offset: image.batOffset, byteCount: 600 },
  ];
  for (const { offset, bytes } of mutations(random, ranges)) image.write(offset, bytes);
  return image.editHeaders(() => {}).editRegionTables(() => {});
}

const TARGETS: readonly { name: string; check: (random: Random) => Iterable<Finding> }[] = [
  { name: "a VHDX", check: (random) => checkContainer(damagedVhdx(random)) },
  { name: "a VHD", check: (random) => checkContainer(new MemorySource(mutateBytes(random, vhd))) },
  {
    name: "a partition table",
    check: (random) => {
      const source = new MemorySource(mutateBytes(random, disks[random(disks.length)] ?? Buffer.alloc(0)));
      return checkPartitions(Object.assign(source, { logicalSectorSizeBytes: 512 as const }));
    },
  },
  { name: "a hive", check: (random) => checkHive(new MemorySource(seal(mutateBytes(random, hive)))) },
];

describe("the check of a damaged image ends with findings of known codes", () => {
  test.each(TARGETS)("$name", ({ check }) => {
    const random = seededRandom(SEED);
    const end = performance.now() + (SECONDS * 1000) / TARGETS.length;
    for (let round = 0; performance.now() < end || round === 0; round++) {
      let count = 0;
      try {
        for (const { code } of check(random)) {
          if (CODES[code] === undefined) throw new Error(`no code ${code}`);
          count++;
          if (count > FINDINGS_MAX) throw new Error("too many findings");
        }
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}: ${error}`, { cause: error });
      }
      expect(count).toBeLessThanOrEqual(FINDINGS_MAX);
    }
  });
});
