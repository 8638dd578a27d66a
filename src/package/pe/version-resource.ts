// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type FilePart, locateRva, type PeImage } from "./image.ts";
import { ResourceData, ResourceDirectory, ResourceEntry } from "./layout.ts";

/** RT_VERSION, the type of version resources. */
const VERSION_TYPE = 16;
/** VS_VERSION_INFO, the name that a version resource has as a rule. */
const VERSION_NAME = 1;
/** U.S. English, then neutral: the languages that Microsoft links into every file; others repeat the numbers. */
const LANGUAGES = [0x409, 0];

const HIGH_BIT = 0x80000000;
/** Drivers have a handful of entries in a directory; this bounds what one directory makes us read to 32 KiB. */
const MAX_ENTRY_COUNT = 4096;
/** A version resource states its own size in 16 bits. */
const MAX_RESOURCE_SIZE_BYTES = 0xffff;

/**
 * The bytes of the version resource of an image, and where in the file they are.
 *
 * Resources are a tree of three levels: type, name, language. Only the directories on the way are read. Throws
 * PE_NO_VERSION where there is no such resource, PE_TRUNCATED where a part of it lies outside its section.
 */
export function readVersionResource(image: PeImage): { readonly bytes: DataView; readonly offset: number } {
  if (image.resourcesRva === undefined) {
    throw new VmguestError("PE_NO_VERSION", "the image has no resources", { structure: "optional header" });
  }
  const root = locateRva(image, "resource directory", image.resourcesRva);
  const type = descend(image, root, 0, "type", (entries) => entries.find(({ id }) => id === VERSION_TYPE));
  const name = descend(
    image,
    root,
    directoryOf(root, type),
    "name",
    (entries) => entries.find(({ id }) => id === VERSION_NAME) ?? entries[0],
  );
  const language = descend(image, root, directoryOf(root, name), "language", preferredLanguage);
  return readLeaf(image, root, language);
}

/** Reads the directory at `at` and gives the entry that `choose` takes; throws PE_NO_VERSION where it takes none. */
function descend(
  image: PeImage,
  root: FilePart,
  at: number,
  level: string,
  choose: (entries: readonly ResourceEntry[]) => ResourceEntry | undefined,
): ResourceEntry {
  const where = { structure: "resource directory", offset: root.offset + at };
  const { namedCount, idCount } = new ResourceDirectory(
    readInside(image, root, at, ResourceDirectory.sizeBytes),
  );
  const count = namedCount + idCount;
  if (count > MAX_ENTRY_COUNT) {
    throw new VmguestError("LIMIT_EXCEEDED", `${count} entries are more than ${MAX_ENTRY_COUNT}`, where);
  }
  const table = readInside(image, root, at + ResourceDirectory.sizeBytes, count * ResourceEntry.sizeBytes);
  const entries = Array.from(
    { length: count },
    (_, index) => new ResourceEntry(table, index * ResourceEntry.sizeBytes),
  );
  const entry = choose(entries);
  if (entry !== undefined) return entry;
  throw new VmguestError(
    "PE_NO_VERSION",
    `the resources have no version at the level of the ${level}`,
    where,
  );
}

function preferredLanguage(entries: readonly ResourceEntry[]): ResourceEntry | undefined {
  for (const language of LANGUAGES) {
    const entry = entries.find(({ id }) => id === language);
    if (entry !== undefined) return entry;
  }
  return entries[0];
}

function directoryOf(root: FilePart, { target }: ResourceEntry): number {
  if (target >= HIGH_BIT) return target - HIGH_BIT;
  const where = { structure: "resource directory", offset: root.offset };
  throw new VmguestError("PE_NO_VERSION", "the resource tree ends above the level of the language", where);
}

function readLeaf(image: PeImage, root: FilePart, { target }: ResourceEntry) {
  const structure = "version resource";
  if (target >= HIGH_BIT) {
    const where = { structure: "resource directory", offset: root.offset };
    throw new VmguestError(
      "PE_NO_VERSION",
      "the resource tree goes on below the level of the language",
      where,
    );
  }
  const leaf = new ResourceData(readInside(image, root, target, ResourceData.sizeBytes));
  const { offset, sizeBytes } = locateRva(image, structure, leaf.rva);
  const wanted = Math.min(leaf.sizeBytes, MAX_RESOURCE_SIZE_BYTES);
  if (wanted > sizeBytes) {
    const message = `the version resource needs ${wanted} bytes, but its section has ${sizeBytes} left`;
    throw new VmguestError("PE_TRUNCATED", message, { structure, offset });
  }
  return { bytes: image.source.read(offset, wanted), offset };
}

/** A range that counts from the root of the resource tree, or PE_TRUNCATED where it leaves the section. */
function readInside({ source }: PeImage, root: FilePart, at: number, sizeBytes: number): DataView {
  if (at + sizeBytes <= root.sizeBytes) return source.read(root.offset + at, sizeBytes);
  const message = `${sizeBytes} bytes at 0x${at.toString(16)} of the resources leave their section`;
  throw new VmguestError("PE_TRUNCATED", message, {
    structure: "resource directory",
    offset: root.offset + at,
  });
}
