// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { ExtentMap, HOLE } from "../extent-source.ts";
import type { Entry } from "./file-entry.ts";
import {
  ALLOCATION,
  AllocationExtent,
  EXTENT_KIND,
  LongAllocation,
  ShortAllocation,
  TAG_ID,
} from "./layout.ts";
import { readDescriptor, requirePartition, type UdfVolume } from "./volume.ts";

/** The two highest bits of a size are the kind of the extent. */
const SIZE_MASK = 0x3fff_ffff;

/** One allocation descriptor, in either of its forms. */
interface Allocated {
  readonly kind: number;
  readonly sizeBytes: number;
  readonly partition: number;
  readonly block: number;
}

/**
 * Where the bytes of a file are. Extents that are allocated and not recorded read as zeros like those that are not
 * allocated; what stands behind the size of the file is left out.
 *
 * Throws UDF_ALLOCATION where the extents are shorter than the file, or the descriptors lead in a circle.
 */
export function readExtents(volume: UdfVolume, entry: Entry): ExtentMap {
  const map = new ExtentMap();
  if (entry.allocation === ALLOCATION.embedded) {
    checkCovers(entry, entry.descriptors.byteLength);
    map.add(entry.descriptorsOffset, entry.sizeBytes);
    return map;
  }
  for (const { kind, sizeBytes, partition, block } of allocatedBy(volume, entry)) {
    const wanted = Math.min(sizeBytes, entry.sizeBytes - map.sizeBytes);
    if (wanted === 0) break;
    if (kind !== EXTENT_KIND.recorded) {
      map.add(HOLE, wanted);
      continue;
    }
    for (const piece of requirePartition(volume, partition).pieces(block * volume.blockSizeBytes, wanted)) {
      map.add(piece.offset, piece.sizeBytes);
    }
  }
  checkCovers(entry, map.sizeBytes);
  return map;
}

/** The allocation descriptors in order, those of continuations included. */
function* allocatedBy(volume: UdfVolume, entry: Entry): Generator<Allocated> {
  const visited = new Set<number>();
  let descriptors: DataView | undefined = entry.descriptors;
  while (descriptors !== undefined) {
    let next: Allocated | undefined;
    for (const allocated of parse(entry, descriptors)) {
      if (allocated.kind === EXTENT_KIND.continuation) {
        next = allocated;
        break;
      }
      yield allocated;
    }
    descriptors = next === undefined ? undefined : readContinuation(volume, next, visited);
  }
}

function* parse(entry: Entry, view: DataView): Generator<Allocated> {
  if (entry.allocation !== ALLOCATION.short && entry.allocation !== ALLOCATION.long) {
    throw new VmguestError("UDF_UNSUPPORTED", "the file has extended allocation descriptors", {
      structure: "file entry",
      offset: entry.offset,
    });
  }
  const isShort = entry.allocation === ALLOCATION.short;
  const Layout = isShort ? ShortAllocation : LongAllocation;
  for (let at = 0; at + Layout.sizeBytes <= view.byteLength; at += Layout.sizeBytes) {
    const { kindAndSize, block } = new Layout(view, at);
    const partition = isShort ? entry.partition : new LongAllocation(view, at).partition;
    const sizeBytes = kindAndSize & SIZE_MASK;
    if (sizeBytes === 0) return;
    yield { kind: kindAndSize >>> 30, sizeBytes, partition, block };
  }
}

function readContinuation(volume: UdfVolume, address: Allocated, visited: Set<number>): DataView {
  const structure = AllocationExtent.structName;
  const { view, offset } = readDescriptor(volume, address, structure, [TAG_ID.allocationExtent]);
  if (visited.has(offset)) {
    const message = "the allocation descriptors lead back to themselves";
    throw new VmguestError("UDF_ALLOCATION", message, { structure, offset });
  }
  visited.add(offset);
  const { sizeBytes } = new AllocationExtent(view);
  const start = AllocationExtent.sizeBytes;
  if (start + sizeBytes > view.byteLength) {
    const message = `${sizeBytes} bytes of allocation descriptors do not fit into the block`;
    throw new VmguestError("UDF_ALLOCATION", message, { structure, offset });
  }
  return new DataView(view.buffer, view.byteOffset + start, sizeBytes);
}

function checkCovers({ sizeBytes, offset }: Entry, allocatedBytes: number): void {
  if (sizeBytes <= allocatedBytes) return;
  const message = `the file has ${sizeBytes} bytes, but only ${allocatedBytes} are allocated`;
  throw new VmguestError("UDF_ALLOCATION", message, { structure: "file entry", offset });
}
