// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { VmguestError } from "../../errors.ts";
import { MemorySource } from "../../io/index.ts";
import { peDigests } from "../authenticode/index.ts";
import type { CabMember, MemberContent } from "../cab/index.ts";
import { MANIFEST_SIZE_MAX } from "./cabinet-members.ts";

/** What was computed from a member's bytes. */
export interface MemberDigests {
  readonly sha1: string;
  readonly sha256: string;
  /** The digests that a catalog has of an executable image, which leave its own signature out. */
  readonly image: { readonly sha1: string; readonly sha256: string } | undefined;
  /** The bytes of a manifest or catalog; undefined for everything else, and for one that is too large. */
  readonly document: Uint8Array | undefined;
}

/** Members that are read as documents, and not only digested. */
const DOCUMENT_NAME = /\.(?:mum|manifest|cat)$/i;

/** The largest image whose digest without signature is computed: that takes it as a whole. */
const IMAGE_SIZE_MAX = 128 * 2 ** 20;

/** Whether a member is read as a document, if it is not too large for one. */
export function isDocument({ name }: CabMember): boolean {
  return DOCUMENT_NAME.test(name);
}

/**
 * Digests a member in one pass; only executable images, and documents up to `documentSizeMax` bytes, are held in memory.
 */
export function digestMember({ member, chunks }: MemberContent, documentSizeMax: number): MemberDigests {
  const sha1 = createHash("sha1");
  const sha256 = createHash("sha256");
  const isRead = isDocument(member);
  const sizeMax = isRead ? Math.min(documentSizeMax, MANIFEST_SIZE_MAX) : IMAGE_SIZE_MAX;
  let kept: Uint8Array[] | undefined = member.sizeBytes > sizeMax ? undefined : [];
  for (const chunk of chunks) {
    sha1.update(chunk);
    sha256.update(chunk);
    kept?.push(chunk.slice());
    if (!isRead && kept !== undefined && !mayBeImage(kept)) kept = undefined;
  }
  const bytes = kept === undefined ? undefined : Buffer.concat(kept);
  return {
    sha1: sha1.digest("hex"),
    sha256: sha256.digest("hex"),
    image: isRead || bytes === undefined ? undefined : digestImage(bytes),
    document: isRead ? bytes : undefined,
  };
}

/** Whether the bytes so far are those of `MZ`, or too few to tell. */
function mayBeImage([first, second]: readonly Uint8Array[]): boolean {
  const head = [...(first?.subarray(0, 2) ?? []), ...(second?.subarray(0, 2) ?? [])];
  return head.slice(0, 2).every((byte, index) => byte === IMAGE_SIGNATURE[index]);
}

const IMAGE_SIGNATURE = [0x4d, 0x5a];

/** A damaged image has no digest of that sort; it is told by the plain ones. */
function digestImage(bytes: Uint8Array): MemberDigests["image"] {
  try {
    return peDigests(new MemorySource(bytes));
  } catch (error) {
    if (error instanceof VmguestError && error.kind !== "io") return undefined;
    throw error;
  }
}
