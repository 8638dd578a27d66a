// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, MemorySource } from "../../io/index.ts";
import type { Cabinet, CabMember } from "../cab/index.ts";
import type { LookBudget } from "./look-budget.ts";

/** The longest manifest of a package is that of a cumulative update, with a few megabytes. */
export const MANIFEST_SIZE_MAX = 32 * 2 ** 20;

/** A disc holds an MSU, that a rollup, that the packages for guests: nobody nests deeper. */
export const DEPTH_MAX = 4;

/** A package that is compressed inside another is unpacked into memory: those of integration services have 1 MiB. */
export const PACKED_SIZE_MAX = 256 * 2 ** 20;

/** Name of the manifest that says what a cabinet installs; a cabinet without it holds other packages or none. */
export const PACKAGE_MANIFEST = "update.mum";

/** Files that can hold packages, or be one. */
export const CONTAINER_NAME = /\.(?:cab|msi|msu|iso)$/i;

/** What Windows Update wants to know about an MSU: a cabinet that is no package. */
const SCAN_DATA_NAME = /^wsusscan\.cab$/i;

/** The packages for guests, and the disc with them, that are files of an update for the host. */
const GUEST_PACKAGE_NAME =
  /(?:^|\/)(?:windows[56]\.[0-9x]-hypervintegrationservices-[^/]*\.(?:cab|msi)|vmguest\.iso)$/i;

/**
 * The members of a cabinet that may be packages themselves, by their names. One that is an update for Windows has
 * thousands of files, of which only those that it has for guests are wanted; any other is there to hold packages.
 */
export function packagesAmong(cabinet: Cabinet): CabMember[] {
  const isUpdate = cabinet.find(PACKAGE_MANIFEST) !== undefined;
  return cabinet.members.filter((member) => {
    const { name } = member;
    const isWanted = isUpdate
      ? GUEST_PACKAGE_NAME.test(name)
      : CONTAINER_NAME.test(name) && !SCAN_DATA_NAME.test(name);
    // Of two with one name only the first can be told by it.
    return isWanted && cabinet.find(name) === member;
  });
}

/** The bytes of one member, which may not be larger than `sizeMax`. */
export function readMember(cabinet: Cabinet, member: CabMember, sizeMax: number): Uint8Array {
  requireSize(member, sizeMax);
  for (const { chunks } of cabinet.contents((other) => other === member)) return collect(chunks);
  return new Uint8Array();
}

/**
 * Members as sources of their own: in place where they are stored as they are, otherwise unpacked into memory, in one
 * pass for all of them. Each source is made when it is called for; where one fails, the others can still be had.
 */
export function* openMembers(
  cabinet: Cabinet,
  members: readonly CabMember[],
  budget: LookBudget,
): Generator<[CabMember, open: () => ByteSource]> {
  const packed = new Set(members.filter(({ compression }) => compression !== "none"));
  for (const member of members) if (!packed.has(member)) yield [member, () => cabinet.open(member)];
  budget.unpack(packed);
  for (const { member, chunks } of cabinet.contents((each) => packed.has(each))) {
    yield [
      member,
      () => {
        requireSize(member, PACKED_SIZE_MAX);
        return new MemorySource(collect(chunks));
      },
    ];
  }
}

/** All of some chunks that are valid only until the next one. */
function collect(chunks: Iterable<Uint8Array>): Uint8Array {
  return Buffer.concat(Array.from(chunks, (chunk) => chunk.slice()));
}

function requireSize({ name, sizeBytes }: CabMember, sizeMax: number): void {
  if (sizeBytes <= sizeMax) return;
  throw new VmguestError("OFFER_LIMIT", `it has ${sizeBytes} bytes, and ${sizeMax} are the limit`, {
    path: name,
  });
}
