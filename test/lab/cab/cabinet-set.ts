import { CONTINUED } from "../../../src/package/cab/layout.ts";
import { type LabBlock, stored } from "./encoders.ts";
import type { LabCabinet, LabFolder, LabMember } from "./model.ts";
import { buildCabinet, contentOf } from "./writer.ts";

/** Where a cabinet of a set ends: in front of a block, or inside of it after some of its bytes. */
export interface LabCut {
  readonly folder: number;
  readonly block: number;
  /** Bytes of the block that still belong to the cabinet; 0 cuts in front of it. */
  readonly byte: number;
}

/** A block, or a part of one, and the number of the cabinet it goes to. */
interface Placed {
  readonly part: number;
  readonly block: LabBlock;
}

/** Where the data of a member lies: in the first and in the last of these cabinets, and in all between. */
interface Extent {
  readonly first: number;
  readonly last: number;
}

export interface LabSetOptions {
  readonly cuts: readonly LabCut[];
  /** File name of a cabinet by its number, from 0. */
  readonly nameOf?: (part: number) => string;
  readonly setId?: number;
  /** Further properties of single cabinets, for sets that are to be wrong. */
  readonly edit?: (cabinet: LabCabinet, part: number) => LabCabinet;
}

export const setPartName = (part: number) => `part${part + 1}.cab`;

/** Splits the folders over several cabinets, as makecab does where a disk is full; gives name and bytes of each. */
export function buildCabinetSet(
  folders: readonly LabFolder[],
  options: LabSetOptions,
): Map<string, Uint8Array> {
  const { cuts, nameOf = setPartName, setId = 0x1234, edit = (cabinet: LabCabinet) => cabinet } = options;
  const placed = folders.map((folder, index) => placeBlocks(folder, index, cuts));
  const parts = Array.from({ length: cuts.length + 1 }, (_, part): LabCabinet => {
    const here = folders.flatMap((folder, index) => folderOfPart(folder, placed[index] ?? [], part));
    return {
      folders: here.map(({ folder, members }, local) => ({ ...folder, members: members(local) })),
      setId,
      index: part,
      ...(part > 0 && { previous: { name: nameOf(part - 1), disk: `Disk ${part}` } }),
      ...(part < cuts.length && { next: { name: nameOf(part + 1), disk: `Disk ${part + 2}` } }),
    };
  });
  return new Map(parts.map((cabinet, part) => [nameOf(part), buildCabinet(edit(cabinet, part))]));
}

function placeBlocks(folder: LabFolder, folderIndex: number, cuts: readonly LabCut[]): Placed[] {
  const blocks = folder.blocks ?? (folder.encoder ?? stored).encode(contentOf(folder));
  return blocks.flatMap((block, blockIndex) => {
    const part = cuts.filter(
      (cut) =>
        cut.folder < folderIndex ||
        (cut.folder === folderIndex &&
          (cut.block < blockIndex || (cut.block === blockIndex && cut.byte === 0))),
    ).length;
    const inside = cuts.filter(
      (cut) => cut.folder === folderIndex && cut.block === blockIndex && cut.byte > 0,
    );
    const ends = [...inside.map(({ byte }) => byte), block.data.length];
    return ends.map((end, piece): Placed => {
      const data = block.data.subarray(ends[piece - 1] ?? 0, end);
      return {
        part: part + piece,
        block: { data, outputSize: piece === inside.length ? block.outputSize : 0 },
      };
    });
  });
}

function folderOfPart(folder: LabFolder, placed: readonly Placed[], part: number) {
  const blocks = placed.filter((place) => place.part === part).map(({ block }) => block);
  const members = (local: number) => membersOfPart(folder, placed, part, local);
  const isHere = blocks.length > 0 || (placed.length === 0 && part === 0);
  return isHere ? [{ folder: { ...folder, blocks }, members }] : [];
}

function membersOfPart(
  folder: LabFolder,
  placed: readonly Placed[],
  part: number,
  local: number,
): LabMember[] {
  let folderOffset = 0;
  return folder.members.flatMap((member) => {
    const start = folderOffset;
    folderOffset += member.bytes?.length ?? 0;
    const { first, last } = extentOf(placed, start, folderOffset);
    if (part < first || part > last) return [];
    const continued =
      part > first
        ? part < last
          ? CONTINUED.both
          : CONTINUED.fromPrevious
        : part < last
          ? CONTINUED.toNext
          : local;
    return [{ ...member, fields: { folderOffset: start, folder: continued, ...member.fields } }];
  });
}

function extentOf(placed: readonly Placed[], start: number, end: number): Extent {
  const needed: number[] = [];
  let at = 0;
  for (const { part, block } of placed) {
    const isWhole = block.outputSize > 0;
    const blockEnd = at + (isWhole ? block.outputSize : outputOf(placed, block));
    if (at < Math.max(end, start + 1) && blockEnd > start) needed.push(part);
    if (isWhole) at = blockEnd;
  }
  const last = placed.at(-1)?.part ?? 0;
  return { first: needed[0] ?? last, last: needed.at(-1) ?? last };
}

/** What the block unpacks to that begins with this piece. */
function outputOf(placed: readonly Placed[], piece: LabBlock): number {
  const index = placed.findIndex(({ block }) => block === piece);
  return placed.slice(index).find(({ block }) => block.outputSize > 0)?.block.outputSize ?? 0;
}
