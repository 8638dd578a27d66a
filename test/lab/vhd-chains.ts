// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { type ByteSource, MemorySource } from "../../src/io/index.ts";
import { VhdImage, type VhdPartialBlock } from "./vhd.ts";
import { DATA_WRITE_GUID, VhdxImage } from "./vhdx.ts";

/**
 * Chains of differencing disks, drawn at random, written in either format, and flattened without the code under test.
 */

/** What a layer has of a block: every sector, no sector, those with a bit, or (VHDX) a state that hides the parent. */
export type BlockPlan =
  | "all"
  | "none"
  | { readonly bits: readonly boolean[] }
  | { readonly state: 1 | 2 | 3 };

export interface LayerPlan {
  readonly sizeBytes: number;
  readonly blocks: readonly BlockPlan[];
}

export interface Geometry {
  readonly blockSizeBytes: number;
  readonly sectorSizeBytes: 512 | 4096;
}

/** The bytes that layer `depth` writes: different ones in every sector and every layer. */
function contentOf(depth: number, offset: number, length: number, { sectorSizeBytes }: Geometry): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += sectorSizeBytes) {
    bytes.fill(1 + ((depth * 37 + (offset + at) / sectorSizeBytes) % 250), at, at + sectorSizeBytes);
  }
  return bytes;
}

/** Bits are repeated over a block that has more sectors than there are bits. */
const hasSectorOf = (bits: readonly boolean[]) => (sector: number) => bits[sector % bits.length] === true;

/** What the guest should see: layer by layer from the base up, each laid over the one below. */
export function flatten(plans: readonly LayerPlan[], geometry: Geometry): Uint8Array {
  const { blockSizeBytes, sectorSizeBytes } = geometry;
  return plans.reduceRight((below, { sizeBytes, blocks }, depth) => {
    const flat = new Uint8Array(sizeBytes);
    flat.set(below.subarray(0, sizeBytes));
    blocks.forEach((block, index) => {
      const start = index * blockSizeBytes;
      const end = Math.min(start + blockSizeBytes, sizeBytes);
      if (block === "none") return;
      if (block !== "all" && "state" in block) {
        flat.fill(0, start, end);
        return;
      }
      const hasSector = block === "all" ? () => true : hasSectorOf(block.bits);
      for (let at = start; at < end; at += sectorSizeBytes) {
        if (hasSector((at - start) / sectorSizeBytes)) {
          flat.set(contentOf(depth, at, sectorSizeBytes, geometry), at);
        }
      }
    });
    return flat;
  }, new Uint8Array(0));
}

/** Writes a plan with the lab: `0.x` is the image, `1.x` its parent and so on. */
export type Build = (plan: LayerPlan, depth: number, hasParent: boolean, geometry: Geometry) => ByteSource;

const guidOf = (depth: number) => DATA_WRITE_GUID.replace(/^../, String(10 + depth));

type LabBlock = Uint8Array | VhdPartialBlock | number;

/** The blocks of a plan as the lab takes them; sectors of the parent are filled with what must never be read. */
function labBlocks({ blocks }: LayerPlan, depth: number, geometry: Geometry): Map<number, LabBlock> {
  const { blockSizeBytes, sectorSizeBytes } = geometry;
  const laid = new Map<number, LabBlock>();
  for (const [index, block] of blocks.entries()) {
    if (block === "none") continue;
    if (block !== "all" && "state" in block) {
      laid.set(index, block.state);
      continue;
    }
    const content = contentOf(depth, index * blockSizeBytes, blockSizeBytes, geometry);
    if (block === "all") {
      laid.set(index, content);
      continue;
    }
    const hasSector = hasSectorOf(block.bits);
    for (let at = 0; at < blockSizeBytes; at += sectorSizeBytes) {
      if (!hasSector(at / sectorSizeBytes)) content.fill(0xff, at, at + sectorSizeBytes);
    }
    laid.set(index, { content, hasSector });
  }
  return laid;
}

export const buildVhdx: Build = (plan, depth, hasParent, geometry) => {
  const parent = {
    parent_linkage: `{${guidOf(depth + 1)}}`,
    relative_path: `.\\${depth + 1}.x`,
    absolute_win32_path: `C:\\lab\\${depth + 1}.x`,
  };
  return new VhdxImage({
    virtualSizeBytes: plan.sizeBytes,
    blockSizeBytes: geometry.blockSizeBytes,
    logicalSectorSizeBytes: geometry.sectorSizeBytes,
    dataWriteGuid: guidOf(depth),
    blocks: labBlocks(plan, depth, geometry),
    ...(hasParent ? { parent } : {}),
  });
};

export const buildVhd: Build = (plan, depth, hasParent, geometry) => {
  const blocks = new Map<number, Uint8Array | VhdPartialBlock>();
  for (const [index, block] of labBlocks(plan, depth, geometry)) {
    if (typeof block !== "number") blocks.set(index, block);
  }
  const parent = { name: `${depth + 1}.x`, relativePath: `.\\${depth + 1}.x`, identity: depth + 1 };
  const { bytes } = new VhdImage({
    virtualSizeBytes: plan.sizeBytes,
    blockSizeBytes: geometry.blockSizeBytes,
    blocks,
    identity: depth,
    ...(hasParent ? { diskType: 4, parent } : {}),
  });
  return new MemorySource(bytes);
};

/** Chains of 1 to 5 files of their own sizes, base last. */
export function plansOf(
  geometry: Geometry,
  blockCountMax: number,
  hasStates: boolean,
): fc.Arbitrary<LayerPlan[]> {
  const { blockSizeBytes, sectorSizeBytes } = geometry;
  const bits = fc
    .array(fc.boolean(), { minLength: 1, maxLength: 40 })
    .map((drawn): BlockPlan => ({ bits: drawn }));
  const state = fc.constantFrom(1, 2, 3).map((drawn): BlockPlan => ({ state: drawn as 1 | 2 | 3 }));
  const whole = fc.constantFrom<BlockPlan>("all", "none");
  const layer = (isBase: boolean) =>
    fc
      .record({
        blocks: fc.array(isBase ? whole : fc.oneof(whole, bits, bits, ...(hasStates ? [state] : [])), {
          minLength: 1,
          maxLength: blockCountMax,
        }),
        sectorsLess: fc.nat(blockSizeBytes / sectorSizeBytes - 1),
      })
      .map(({ blocks, sectorsLess }) => ({
        blocks,
        sizeBytes: blocks.length * blockSizeBytes - sectorsLess * sectorSizeBytes,
      }));
  return fc
    .tuple(fc.array(layer(false), { maxLength: 4 }), layer(true))
    .map(([children, base]) => [...children, base]);
}
