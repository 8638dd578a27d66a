// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { Cabinet, isCabinet } from "../cab/index.ts";
import { DiscImage, isDiscImage } from "../iso/index.ts";
import { openMembers, UnpackBudget } from "./cabinet-members.ts";

/**
 * The bytes of a package by its place: `inside` is what follows the host's file in `OfferedPackage.place`, and `source`
 * that file.
 *
 * @throws OFFER_NOT where there is no such file inside, and what opening throws.
 */
export function openOffer(source: ByteSource, inside: readonly string[]): ByteSource {
  return inside.reduce(openInside, source);
}

function openInside(container: ByteSource, path: string): ByteSource {
  if (isCabinet(container)) {
    const cabinet = Cabinet.open(container);
    const member = cabinet.find(path);
    if (member !== undefined) {
      for (const [, open] of openMembers(cabinet, [member], new UnpackBudget())) return open();
    }
  } else if (isDiscImage(container)) {
    const disc = DiscImage.open(container);
    const entry = disc.find(path);
    if (entry !== undefined) return disc.open(entry);
  }
  throw new VmguestError("OFFER_NOT", "there is no such file inside", { path });
}
