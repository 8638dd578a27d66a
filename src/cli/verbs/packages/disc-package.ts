// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import { checkMemberName } from "../../../package/cab/index.ts";
import { type DiscEntry, DiscImage, isDiscImage } from "../../../package/iso/index.ts";
import type { PackageEntry } from "../../../report/index.ts";
import { chunksOf } from "../../chunks.ts";
import type { OpenedPackage } from "./opened-package.ts";

export { isDiscImage };

/** An image of an optical disc, such as vmguest.iso. */
export function openDisc(source: ByteSource): OpenedPackage {
  const disc = DiscImage.open(source);
  const entryOf = new Map([...disc.list()].map((entry) => [describeEntry(entry), entry]));
  const open = (entry: PackageEntry): ByteSource => {
    const known = entryOf.get(entry);
    if (known === undefined) throw new Error("the entry is from another disc");
    return disc.open(known);
  };
  return {
    kind: "iso",
    disc: { fileSystem: disc.kind, label: disc.label },
    msi: null,
    entries: [...entryOf.keys()],
    findings: disc.findings,
    open,
    *contents(isWanted) {
      // Opened where its bytes are asked for, so that one that cannot be read does not end this.
      const read = function* (entry: PackageEntry) {
        yield* chunksOf(open(entry));
      };
      for (const entry of entryOf.keys()) {
        if (!entry.isDirectory && isWanted(entry)) yield { entry, chunks: read(entry) };
      }
    },
  };
}

function describeEntry({ path, isDirectory, type, sizeBytes, modified }: DiscEntry): PackageEntry {
  return {
    path,
    isDirectory,
    sizeBytes,
    modified,
    attributes: [],
    compression: null,
    unsafe: type === "link" || type === "device" ? `it is a ${type}, not a file` : checkMemberName(path),
  };
}
