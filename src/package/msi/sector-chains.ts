// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type CompoundHeader, SECTOR } from "./layout.ts";

/** Bytes that cfb may copy again because chains of sectors run backwards; files as they are made need none. */
const MAX_EXTRA_COPY_BYTES = 64 * 1024 * 1024;

/** The chains of sectors in a compound file, all of them proved to be apart from each other and to end. */
export class SectorChains {
  readonly sectorSize: number;
  readonly sectorCount: number;
  readonly #view: DataView;
  /** For each sector the next of its chain, or one of {@link SECTOR}. */
  readonly #next: Int32Array;
  /** For each sector at which a chain begins the number of its sectors, 0 for all others. */
  readonly #lengths: Int32Array;

  /**
   * Reads the FAT and checks every chain of it, in time that grows with the file alone. `view` is the whole file and
   * ends with a sector. Throws CFB_TRUNCATED, CFB_LOOP, CFB_DAMAGED or LIMIT_EXCEEDED.
   */
  constructor(view: DataView, header: CompoundHeader) {
    this.sectorSize = 2 ** header.sectorShift;
    this.sectorCount = view.byteLength / this.sectorSize - 1;
    this.#view = view;
    const fatSectors = this.#listFatSectors(header);
    this.#next = this.#readFat(fatSectors);
    this.#lengths = this.#measure();
    for (const sector of fatSectors) {
      if (this.#lengths[sector] !== 1)
        throw damaged("a FAT sector is part of a chain", this.offsetOf(sector));
    }
    this.#checkCopies(header.firstDirectorySector);
  }

  /** File offset of a sector. */
  offsetOf(sector: number): number {
    return (sector + 1) * this.sectorSize;
  }

  /** Number of sectors in the chain that begins at `sector`; throws CFB_DAMAGED where none does. */
  lengthOf(sector: number, what: string): number {
    const length = this.#lengths[sector] ?? 0;
    if (length === 0)
      throw damaged(`no chain of sectors begins at ${sector}, where that of the ${what} should`);
    return length;
  }

  /** The sectors of the chain that begins at `sector`, in order. */
  *sectorsOf(sector: number): Generator<number> {
    for (let at = sector; at >= 0; at = this.#next[at] ?? SECTOR.endOfChain) yield at;
  }

  /** What a chain of sectors holds, as signed numbers. */
  readNumbers(start: number, what: string): Int32Array {
    const perSector = this.sectorSize / 4;
    const numbers = new Int32Array(this.lengthOf(start, what) * perSector);
    let at = 0;
    for (const sector of this.sectorsOf(start)) {
      const offset = this.offsetOf(sector);
      for (let index = 0; index < perSector; index++) {
        numbers[at++] = this.#view.getInt32(offset + index * 4, true);
      }
    }
    return numbers;
  }

  /** The FAT sectors in order: 109 in the header, the others in a chain of sectors of their own (MS-CFB 2.5). */
  #listFatSectors({ view, difat, firstDifatSector, difatSectorCount }: CompoundHeader): number[] {
    const sectors: number[] = [];
    let hasEnded = false;
    const addFrom = (offset: number, count: number) => {
      for (let at = offset; at < offset + count * 4; at += 4) {
        const sector = view.getInt32(at, true);
        // cfb keeps the gaps of some lists and closes those of others: what follows one is not what was checked.
        if (sector >= 0 && hasEnded) throw damaged("the list of FAT sectors has a gap", at);
        if (sector < 0) hasEnded = true;
        else sectors.push(this.#requireSector(sector, "FAT"));
      }
    };
    addFrom(difat.byteOffset - view.byteOffset, difat.length / 4);
    const perSector = this.sectorSize / 4 - 1;
    let next = firstDifatSector | 0;
    const seen = new Set<number>();
    for (let index = 0; index < difatSectorCount; index++) {
      const offset = this.offsetOf(this.#requireSector(next, "list of FAT sectors"));
      if (seen.has(next)) throw loop("the list of FAT sectors leads back to itself", offset);
      seen.add(next);
      addFrom(offset, perSector);
      next = view.getInt32(offset + perSector * 4, true);
    }
    if (next >= 0) throw damaged(`the list of FAT sectors goes on after ${difatSectorCount} sectors`);
    if (sectors.length === 0) throw damaged("the file has no FAT");
    return sectors;
  }

  #requireSector(sector: number, what: string): number {
    if (sector >= 0 && sector < this.sectorCount) return sector;
    const message = `the ${what} is at sector ${sector}, but the file has ${this.sectorCount}`;
    throw new VmguestError("CFB_TRUNCATED", message, { structure: "compound file" });
  }

  #readFat(fatSectors: readonly number[]): Int32Array {
    const next = new Int32Array(this.sectorCount).fill(SECTOR.free);
    const perSector = this.sectorSize / 4;
    for (const [index, sector] of fatSectors.entries()) {
      const offset = this.offsetOf(sector);
      const first = index * perSector;
      const count = Math.min(perSector, this.sectorCount - first);
      for (let at = 0; at < count; at++) next[first + at] = this.#view.getInt32(offset + at * 4, true);
    }
    return next;
  }

  /** Follows every chain from its first sector. What no chain has reached after that is on a ring. */
  #measure(): Int32Array {
    const hasPrevious = new Uint8Array(this.sectorCount);
    for (const [sector, next] of this.#next.entries()) {
      if (next < SECTOR.difat) throw damaged(`sector ${sector} is followed by ${next >>> 0}`);
      if (next < 0) continue;
      this.#requireSector(next, `sector after ${sector}`);
      if (hasPrevious[next] === 1) throw loop(`sector ${next} is in two chains`, this.offsetOf(next));
      hasPrevious[next] = 1;
    }
    const lengths = new Int32Array(this.sectorCount);
    let reached = 0;
    for (const [first, isInside] of hasPrevious.entries()) {
      if (isInside === 1) continue;
      let length = 0;
      for (let at = first; at >= 0; at = this.#next[at] ?? SECTOR.endOfChain) length += 1;
      lengths[first] = length;
      reached += length;
    }
    if (reached < this.sectorCount) throw loop("a chain of sectors leads back to itself");
    return lengths;
  }

  /**
   * cfb takes up sectors in rising order from the directory on, and copies the rest of the chain from each that no
   * earlier copy had: a chain that runs backwards is copied again and again, in square time and space.
   */
  #checkCopies(directory: number): void {
    let copied = 0;
    for (const [first, length] of this.#lengths.entries()) {
      let lowest = this.sectorCount;
      let rest = length;
      if (length === 0) continue;
      for (let at = first; at >= 0; at = this.#next[at] ?? SECTOR.endOfChain) {
        const rank = (at - directory + this.sectorCount) % this.sectorCount;
        if (rank < lowest) {
          lowest = rank;
          copied += rest;
        }
        rest -= 1;
      }
    }
    const extra = (copied - this.sectorCount) * this.sectorSize;
    if (extra <= MAX_EXTRA_COPY_BYTES) return;
    const message = `chains of sectors run backwards: reading them would copy ${extra} bytes more than the file has`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "compound file" });
  }
}

/** A structure that contradicts another. */
export function damaged(message: string, offset?: number): VmguestError {
  return new VmguestError("CFB_DAMAGED", message, place(offset));
}

function loop(message: string, offset?: number): VmguestError {
  return new VmguestError("CFB_LOOP", message, place(offset));
}

const place = (offset: number | undefined) => ({
  structure: "compound file",
  ...(offset !== undefined && { offset }),
});
