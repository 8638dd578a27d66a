// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { FileNameCollation } from "../collation.ts";

const NAME_UNITS_MAX = 255;
const BASE_UNITS_MAX = 8;
const EXTENSION_UNITS_MAX = 3;
/** Letters of the long name that the first short names keep, and those after them. */
const PLAIN_STEM_UNITS = 6;
const HASHED_STEM_UNITS = 2;
/** After this many names with a number, Windows goes over to names with a checksum. */
const PLAIN_TAIL_MAX = 4;
/** Tries with different numbers and checksums; a directory with so many names alike is no real one. */
const TRY_COUNT_MAX = 200_000;
const TAIL_MAX = 9;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what names may not have
const ILLEGAL = /[\x00-\x1f"*/:<>?\\|]|[. ]$/;
/** Names of devices, which no program of Windows opens as files, whatever their ending. */
const DEVICE = /^(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)\s*(\.|$)/i;
/** What a short name may be made of, besides letters and digits of ASCII. */
const SHORT_NAME = /^[A-Za-z0-9!#$%&'()@^_`{}~-]{1,8}(\.[A-Za-z0-9!#$%&'()@^_`{}~-]{1,3})?$/;
const NOT_IN_SHORT_NAME = /[^A-Za-z0-9!#$%&'()@^_`{}~-]/g;

/** Throws NTFS_WRITE_NAME where programs of Windows could not use a file of this name. */
export function requireLegalName(name: string, path: string): void {
  const isLegal =
    name.length > 0 && name.length <= NAME_UNITS_MAX && !ILLEGAL.test(name) && !DEVICE.test(name);
  if (isLegal) return;
  throw new VmguestError("NTFS_WRITE_NAME", `Windows cannot use the name ${JSON.stringify(name)}`, { path });
}

/** Whether a name is its own short name: 8.3, whatever the case of its letters. */
export function isShortName(name: string): boolean {
  return SHORT_NAME.test(name);
}

/**
 * The 8.3 name to go with a long one, in capitals: `PROGRA~1`. It keeps six letters and gets a number up to 4, then two
 * letters and a checksum, as Windows does, though not with Windows' own checksum. `isTaken` tells of a name whether the
 * directory has it.
 */
export function makeShortName(
  name: string,
  collation: FileNameCollation,
  isTaken: (shortName: string) => boolean,
): string {
  const lastDot = name.replace(/^\.+/, (dots) => " ".repeat(dots.length)).lastIndexOf(".");
  const stem = lastDot === -1 ? name : name.slice(0, lastDot);
  const ending = lastDot === -1 ? "" : name.slice(lastDot + 1);
  const base = shorten(stem, collation) || "_";
  const extension = shorten(ending, collation).slice(0, EXTENSION_UNITS_MAX);
  const suffix = extension === "" ? "" : `.${extension}`;
  for (let tail = 1; tail <= PLAIN_TAIL_MAX; tail++) {
    const candidate = `${base.slice(0, PLAIN_STEM_UNITS)}~${tail}${suffix}`;
    if (!isTaken(candidate)) return candidate;
  }
  const checksum = checksumOf(name);
  for (let attempt = 0; attempt < TRY_COUNT_MAX; attempt++) {
    const hash = (checksum + Math.floor(attempt / TAIL_MAX)) % 0x10000;
    const digits = hexCapitals(hash);
    const candidate = `${base.slice(0, HASHED_STEM_UNITS)}${digits}~${(attempt % TAIL_MAX) + 1}${suffix}`;
    if (candidate.length <= BASE_UNITS_MAX + suffix.length && !isTaken(candidate)) return candidate;
  }
  throw new VmguestError("NTFS_WRITE_NAME", "the directory has no short name left for it", { path: name });
}

/** Capitals without spaces and dots; what short names cannot have becomes an underscore. */
function shorten(part: string, collation: FileNameCollation): string {
  const { folded } = collation.fold(part.replaceAll(/[ .]/g, ""));
  return String.fromCharCode(...folded).replaceAll(NOT_IN_SHORT_NAME, "_");
}

/** FNV-1a, folded: names that differ in a digit must not end up side by side. */
function checksumOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let unit = 0; unit < name.length; unit++)
    hash = Math.imul(hash ^ name.charCodeAt(unit), 0x01000193) >>> 0;
  return (hash >>> 16) ^ (hash & 0xffff);
}

function hexCapitals(value: number): string {
  const digits = "0123456789ABCDEF";
  return [12, 8, 4, 0].map((shift) => digits[(value >> shift) & 0xf]).join("");
}
