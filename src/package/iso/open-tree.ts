// SPDX-License-Identifier: MIT
import { finding, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { namedChildren } from "./directory-walk.ts";
import { openJoliet, openPrimary } from "./iso9660/iso-tree.ts";
import { VolumeDescriptor } from "./iso9660/layout.ts";
import { readDescriptors } from "./iso9660/volume-descriptors.ts";
import { recognize } from "./recognition.ts";
import type { DiscTree, Note } from "./tree.ts";
import { openUdf } from "./udf/udf-tree.ts";

/** A file system that the image promises. */
interface Candidate {
  readonly name: string;
  open(): DiscTree;
}

/** Opens the first file system of the disc whose root can be read; the others that failed are noted. */
export function openTree(source: ByteSource, note: Note): DiscTree {
  const failures: { readonly name: string; readonly error: VmguestError }[] = [];
  for (const candidate of candidatesOf(source, note)) {
    try {
      const tree = candidate.open();
      readRoot(tree);
      for (const { name, error } of failures) {
        const message = `${name} cannot be read (${error.message}), ${candidate.name} is used`;
        note(finding("DISC_FALLBACK", message, error.where));
      }
      return tree;
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      failures.push({ name: candidate.name, error });
    }
  }
  const [first] = failures;
  throw (
    first?.error ??
    new VmguestError("DISC_NOT", "there are no volume descriptors at 0x8000", { offset: 0x8000 })
  );
}

function* candidatesOf(source: ByteSource, note: Note): Generator<Candidate> {
  const { hasIso9660, hasUdf } = recognize(source);
  if (hasUdf) yield { name: "UDF", open: () => openUdf(source, note) };
  if (!hasIso9660) return;
  const { primary, joliet } = readDescriptors(source);
  if (joliet !== undefined) yield { name: "Joliet", open: () => openJoliet(source, joliet) };
  yield {
    name: "ISO 9660",
    open: () => {
      if (primary !== undefined) return openPrimary(source, primary, note);
      throw new VmguestError("ISO_DESCRIPTOR", "there is no primary volume descriptor", {
        structure: VolumeDescriptor.structName,
      });
    },
  };
}

/** Reads the names in the root, so that a file system without one is passed over. */
function readRoot({ root }: DiscTree): void {
  const children = namedChildren(root, "", () => undefined);
  while (children.next().done !== true) {
    // Only that it can be read matters.
  }
}
