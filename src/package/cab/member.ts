// SPDX-License-Identifier: MIT
import { ATTRIBUTES, METHODS } from "./layout.ts";
import type { FileRecord } from "./part.ts";

/** How a folder is compressed; `unknown` where the method does not exist, so that its members can be listed only. */
export type CabCompression = "none" | "mszip" | "quantum" | "lzx" | "unknown";

/** What a cabinet says of a file beside its name, size and time. */
export type CabAttribute = "read-only" | "hidden" | "system" | "archive" | "execute";

/** A file in a cabinet, as the list of members has it. */
export interface CabMember {
  /** Position in {@link Cabinet.members}. */
  readonly index: number;
  /** As stored, with `\` turned into `/`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Local time of whoever made the cabinet, without a zone: `2015-11-20T12:00:00`; null where it is no date. */
  readonly modified: string | null;
  readonly attributes: readonly CabAttribute[];
  readonly compression: CabCompression;
  /** Index of the folder; one that goes on in further cabinets of the set counts once. */
  readonly folder: number;
  /** Where the member begins in the unpacked data of its folder. */
  readonly folderOffset: number;
  /** Why the name must not be used as a path on the host; null where it may be. */
  readonly unsafe: string | null;
}

const COMPRESSIONS: ReadonlyMap<number, CabCompression> = new Map([
  [METHODS.none, "none"],
  [METHODS.mszip, "mszip"],
  [METHODS.quantum, "quantum"],
  [METHODS.lzx, "lzx"],
]);

/** What `FolderEntry.compression` says of the method. */
export function compressionOf(typeCompress: number): CabCompression {
  return COMPRESSIONS.get(typeCompress & 0xf) ?? "unknown";
}

const ATTRIBUTE_NAMES: readonly (readonly [number, CabAttribute])[] = [
  [ATTRIBUTES.readOnly, "read-only"],
  [ATTRIBUTES.hidden, "hidden"],
  [ATTRIBUTES.system, "system"],
  [ATTRIBUTES.archive, "archive"],
  [ATTRIBUTES.execute, "execute"],
];
const ATTRIBUTE_BITS = ATTRIBUTE_NAMES.reduce((bits, [bit]) => bits | bit, 0);

/** Makes the attributes and times of members; members share the values, since a cabinet has few different ones. */
export class MemberFacts {
  readonly #attributes = new Map<number, readonly CabAttribute[]>();
  #stamp = -1;
  #modified: string | null = null;

  attributesOf({ attributes }: FileRecord): readonly CabAttribute[] {
    const bits = attributes & ATTRIBUTE_BITS;
    const known = this.#attributes.get(bits);
    if (known !== undefined) return known;
    const names = ATTRIBUTE_NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
    this.#attributes.set(bits, names);
    return names;
  }

  modifiedOf({ date, time }: FileRecord): string | null {
    const stamp = date * 0x10000 + time;
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#modified = formatDosTime(date, time);
    }
    return this.#modified;
  }
}

/** MS-CAB 2.3: the date and time of MS-DOS, from 1980 and with even seconds. */
function formatDosTime(date: number, time: number): string | null {
  const year = 1980 + (date >>> 9);
  const month = (date >>> 5) & 0xf;
  const day = date & 0x1f;
  const [hour, minute, second] = [time >>> 11, (time >>> 5) & 0x3f, (time & 0x1f) * 2];
  const daysOfMonth = month === 0 ? 0 : new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month > 12 || day === 0 || day > daysOfMonth || hour > 23 || minute > 59 || second > 59) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
}
