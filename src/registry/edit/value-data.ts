// SPDX-License-Identifier: MIT
import { BigData, INLINE_DATA, SEGMENT_SIZE, SIGNATURES, type ValueNode } from "../layout.ts";
import type { CellSpace } from "./cell-space.ts";
import { offsetsContent } from "./subkey-leaf.ts";

/** As much data as fits into the field for its offset. */
const INLINE_SIZE_MAX = 4;

/** First minor version that splits large values into segments. */
const BIG_DATA_SINCE_MINOR = 4;

/** The two fields of a value that say where its data is. */
export type DataFields = Pick<ValueNode, "dataSize" | "data">;

/** The data of values: in the value itself, in a cell, or in segments. */
export class ValueData {
  readonly #space: CellSpace;

  constructor(space: CellSpace) {
    this.#space = space;
  }

  put(data: Uint8Array): DataFields {
    if (data.length <= INLINE_SIZE_MAX) return inlineFields(data);
    const isBig = this.#mayBeBig(data.length);
    return { dataSize: data.length, data: isBig ? this.#putSegments(data) : this.#space.put(data) };
  }

  /**
   * Puts data in the place of other data. What another part of the hive may still be read with is not written over,
   * unless there is no room elsewhere: a value is worth a new cell, but not a longer file.
   */
  replace(old: DataFields, data: Uint8Array): DataFields {
    const [cell, ...others] = this.cellsOf(old);
    if (cell !== undefined && others.length === 0 && this.#belongsIn(cell, data.length)) {
      if (this.#space.isOwn(cell)) return { dataSize: data.length, data: this.#space.replace(cell, data) };
      if (!this.#space.hasRoomFor(data.length)) {
        this.#space.overwrite(cell, data);
        return { dataSize: data.length, data: cell };
      }
    }
    const fields = this.put(data);
    this.release(old);
    return fields;
  }

  release(old: DataFields): void {
    for (const cell of this.cellsOf(old)) this.#space.release(cell);
  }

  /** Offsets of the cells that the data takes. */
  cellsOf({ dataSize, data }: DataFields): number[] {
    if (dataSize >= INLINE_DATA || dataSize === 0) return [];
    if (dataSize <= this.#space.capacityOf(data) || !this.#mayBeBig(dataSize)) return [data];
    const { signature, segmentCount, segmentList } = new BigData(this.#space.view(data));
    if (signature !== SIGNATURES.bigData) return [data];
    const list = this.#space.view(segmentList);
    const segments = Array.from({ length: segmentCount }, (_, index) => list.getUint32(index * 4, true));
    return [...segments, segmentList, data];
  }

  #mayBeBig(size: number): boolean {
    return size > SEGMENT_SIZE && this.#space.store.minorVersion >= BIG_DATA_SINCE_MINOR;
  }

  #belongsIn(cell: number, size: number): boolean {
    return size > INLINE_SIZE_MAX && size <= this.#space.capacityOf(cell) && !this.#mayBeBig(size);
  }

  #putSegments(data: Uint8Array): number {
    const segments: number[] = [];
    for (let at = 0; at < data.length; at += SEGMENT_SIZE) {
      // Windows gives the last segment a cell as large as the others', and hivex cuts off what stands in a smaller one.
      const segment = new Uint8Array(SEGMENT_SIZE);
      segment.set(data.subarray(at, at + SEGMENT_SIZE));
      segments.push(this.#space.put(segment));
    }
    const segmentList = this.#space.put(offsetsContent(segments));
    const cell = this.#space.allocate(BigData.sizeBytes);
    const node = new BigData(this.#space.edit(cell));
    node.signature = SIGNATURES.bigData;
    node.segmentCount = segments.length;
    node.segmentList = segmentList;
    return cell;
  }
}

function inlineFields(data: Uint8Array): DataFields {
  const field = new Uint8Array(INLINE_SIZE_MAX);
  field.set(data);
  return { dataSize: INLINE_DATA + data.length, data: new DataView(field.buffer).getUint32(0, true) };
}
