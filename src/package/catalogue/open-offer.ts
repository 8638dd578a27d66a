// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../../errors.ts";
import { type ByteSource, MemorySource } from "../../io/index.ts";
import { Cabinet, isCabinet } from "../cab/index.ts";
import { DiscImage, isDiscImage } from "../iso/index.ts";
import { DEPTH_MAX, PACKED_SIZE_MAX, readMember } from "./cabinet-members.ts";
import { embeddedCabinets } from "./embedded-cabinets.ts";
import { tooMuch } from "./look-budget.ts";
import type { OfferedPackage } from "./offered-package.ts";

/**
 * The bytes of a package that was offered, by its place: through discs and self-extractors, where they are read in place,
 * and through cabinets and MSUs, where they are unpacked into memory unless they are stored as they are.
 *
 * `openFile` opens the host's file by the first name of the place. That the bytes are still those that were offered is
 * not looked at.
 *
 * @throws NOT_FOUND where something on the way is not there any more, OFFER_LIMIT for a package that is unpacked to more
 * than 256 MiB, and what opening the files throws.
 */
export function openOffer(
  { place }: Pick<OfferedPackage, "place">,
  openFile: (path: string) => ByteSource,
): ByteSource {
  const [file = "", ...inside] = place;
  if (inside.length > DEPTH_MAX) throw tooMuch(`more than ${DEPTH_MAX} levels of packages in packages`);
  return locate({ image: file }, () => {
    let source = openFile(file);
    for (const [depth, path] of inside.entries()) {
      const where = inside.slice(0, depth + 1).join(": ");
      source = locate({ path: where }, () => openInside(source, path));
    }
    return source;
  });
}

/** A file inside of another by the name that a search found it under. */
function openInside(source: ByteSource, path: string): ByteSource {
  const found = isCabinet(source)
    ? findMember(source, path)
    : isDiscImage(source)
      ? findOnDisc(source, path)
      : findEmbedded(source, path);
  if (found === undefined) throw new VmguestError("NOT_FOUND", "the package holds no such file");
  return found;
}

function findMember(source: ByteSource, name: string): ByteSource | undefined {
  const cabinet = Cabinet.open(source);
  const member = cabinet.find(name);
  if (member === undefined) return undefined;
  if (member.compression === "none") return cabinet.open(member);
  return new MemorySource(readMember(cabinet, member, PACKED_SIZE_MAX));
}

function findOnDisc(source: ByteSource, path: string): ByteSource | undefined {
  const disc = DiscImage.open(source);
  const entry = disc.find(path);
  return entry === undefined ? undefined : disc.open(entry);
}

function findEmbedded(source: ByteSource, name: string): ByteSource | undefined {
  for (const [each, cabinet] of embeddedCabinets(source)) if (each === name) return cabinet;
  return undefined;
}
