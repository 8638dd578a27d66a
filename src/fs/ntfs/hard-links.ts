// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { AttributeSet } from "./attribute.ts";
import type { FileRecord } from "./file-record.ts";
import { ATTRIBUTE, FileName, NAMESPACE, RECORD } from "./layout.ts";
import type { VolumeContext } from "./ntfs-node.ts";

/** NTFS allows 1024 links to a file, and each may have a DOS name beside it. */
const NAME_COUNT_MAX = 2048;
/** The longest path that Windows takes. */
const PATH_UNITS_MAX = 32_767;
/** Such a path could have more folders than this, but nobody nests a tenth of it. */
const DEPTH_MAX = 1024;

/** A name of a file, in the directory that it stands in. */
export interface FileLink {
  readonly name: string;
  /** NAMESPACE. */
  readonly namespace: number;
  readonly parentRecord: number;
  readonly parentSequence: number;
}

/** All names of a file, DOS names too, as its own record has them. */
export function linksOf(attributes: AttributeSet): FileLink[] {
  return attributes.valuesOf(ATTRIBUTE.fileName).map((value) => {
    const { namespace, parentRecord, parentSequence, nameLength } = new FileName(value);
    const sizeBytes = Math.min(nameLength * 2, value.byteLength - FileName.sizeBytes);
    const name = decodeUtf16(value, FileName.sizeBytes, sizeBytes);
    return { name, namespace, parentRecord, parentSequence };
  });
}

/**
 * The paths that lead to a file by its long names, sorted. Throws LIMIT_EXCEEDED for a file with more names or longer
 * paths than Windows allows, NTFS_STALE_ENTRY where a folder is gone that a name stands in, and NTFS_RECORD where folders lie in each other.
 */
export function pathsOf(context: VolumeContext, attributes: AttributeSet, path: string): string[] {
  const links = linksOf(attributes);
  if (links.length > NAME_COUNT_MAX) {
    throw new VmguestError("LIMIT_EXCEEDED", `the file has ${links.length} names`, { path });
  }
  const folders = new FolderPaths(context, path);
  return links
    .filter(({ namespace }) => namespace !== NAMESPACE.dos)
    .map((link) => join(folders.pathOf(link), link.name))
    .sort();
}

/** Paths of folders, found upwards from what lies in them and remembered by number. */
class FolderPaths {
  readonly #context: VolumeContext;
  readonly #path: string;
  readonly #known = new Map<number, string>([[RECORD.root, ""]]);

  constructor(context: VolumeContext, path: string) {
    this.#context = context;
    this.#path = path;
  }

  /** Path of the folder that a name stands in. */
  pathOf(link: FileLink): string {
    const names: string[] = [];
    const passed: number[] = [];
    let { parentRecord, parentSequence } = link;
    let known = this.#known.get(parentRecord);
    while (known === undefined) {
      if (passed.length >= DEPTH_MAX) {
        const message = `the folders above lie in each other, or more than ${DEPTH_MAX} deep`;
        throw new VmguestError("NTFS_RECORD", message, { path: this.#path });
      }
      const parent = this.#nameOf(parentRecord, parentSequence);
      passed.push(parentRecord);
      names.push(parent.name);
      ({ parentRecord, parentSequence } = parent);
      known = this.#known.get(parentRecord);
    }
    for (const recordNumber of passed.reverse()) {
      known = join(known, names.pop() ?? "");
      if (known.length > PATH_UNITS_MAX) {
        const message = `the folders above have a path of more than ${PATH_UNITS_MAX} letters`;
        throw new VmguestError("LIMIT_EXCEEDED", message, { path: this.#path });
      }
      this.#known.set(recordNumber, known);
    }
    return known;
  }

  /** The long name of a folder; there is but one, since folders have no hard links. */
  #nameOf(recordNumber: number, sequence: number): FileLink {
    const { mft, space } = this.#context;
    const record: FileRecord = mft.record(recordNumber);
    const isSame = record.isInUse && (sequence === 0 || record.header.sequence === sequence);
    const links = isSame ? linksOf(new AttributeSet(record, mft, space)) : [];
    const link = links.find(({ namespace }) => namespace !== NAMESPACE.dos);
    if (link !== undefined && record.isDirectory) return link;
    const message = `a name stands in record ${recordNumber} with sequence ${sequence}, which is no folder now`;
    throw new VmguestError("NTFS_STALE_ENTRY", message, { path: this.#path, structure: "$FILE_NAME" });
  }
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
