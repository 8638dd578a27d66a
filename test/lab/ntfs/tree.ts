// SPDX-License-Identifier: MIT
import { NAMESPACE, RECORD } from "../../../src/fs/ntfs/layout.ts";
import type { FileOptions, NtfsOptions } from "./options.ts";

/** Records before this one are not for files. */
const FIRST_FILE_RECORD = 24;

export interface LabName {
  readonly name: string;
  readonly namespace: number;
  readonly parent: LabFile;
}

/** A file or directory with its number and names, before anything is encoded. */
export interface LabFile {
  readonly path: string;
  readonly recordNumber: number;
  readonly sequence: number;
  readonly isDirectory: boolean;
  readonly options: FileOptions;
  readonly names: LabName[];
  /** Names that stand in this directory. */
  readonly children: { readonly name: LabName; readonly file: LabFile }[];
}

export interface LabTree {
  readonly root: LabFile;
  /** Everything but the root, in order of numbers. */
  readonly files: readonly LabFile[];
  readonly nextRecord: number;
}

/** Gives every path a record, and every folder on its way. */
export function planTree({ files = {}, rootFanOut }: NtfsOptions): LabTree {
  const byPath = new Map<string, LabFile>();
  const root = newFile("", RECORD.root, RECORD.root, {
    isDirectory: true,
    ...(rootFanOut === undefined ? {} : { fanOut: rootFanOut }),
  });
  byPath.set("", root);
  let nextRecord = FIRST_FILE_RECORD;

  const add = (path: string, options: FileOptions): LabFile => {
    // Sequences differ, so that a reader that mixes them up is caught.
    const file = newFile(path, nextRecord, 1 + (nextRecord % 5), options);
    nextRecord++;
    byPath.set(path, file);
    const [name, parent] = placeOf(path);
    const { shortName } = options;
    const ownNamespace = shortName === undefined ? NAMESPACE.win32AndDos : NAMESPACE.win32;
    link(file, { name, namespace: options.namespace ?? ownNamespace, parent });
    if (shortName !== undefined) link(file, { name: shortName, namespace: NAMESPACE.dos, parent });
    return file;
  };
  const placeOf = (path: string): [name: string, parent: LabFile] => {
    const slash = path.lastIndexOf("/");
    const folder = slash === -1 ? "" : path.slice(0, slash);
    return [path.slice(slash + 1), byPath.get(folder) ?? add(folder, { isDirectory: true })];
  };

  const given = Object.entries(files).map(([path, file]) => [path, toOptions(file)] as const);
  for (const [path, options] of given) add(path, options);
  for (const [path, { links = [], bareLinks = [] }] of given) {
    const file = byPath.get(path) ?? root;
    const nameOf = (other: string): LabName => {
      const [name, parent] = placeOf(other);
      return { name, namespace: NAMESPACE.posix, parent };
    };
    for (const other of links) link(file, nameOf(other));
    for (const other of bareLinks) {
      const name = nameOf(other);
      name.parent.children.push({ name, file });
    }
  }
  byPath.delete("");
  return { root, files: [...byPath.values()], nextRecord };
}

export function toOptions(file: Uint8Array | string | FileOptions): FileOptions {
  return typeof file === "string" || file instanceof Uint8Array ? { content: file } : file;
}

export function link(file: LabFile, name: LabName): void {
  file.names.push(name);
  name.parent.children.push({ name, file });
}

export function newFile(path: string, recordNumber: number, sequence: number, options: FileOptions): LabFile {
  return {
    path,
    recordNumber,
    sequence,
    isDirectory: options.isDirectory ?? false,
    options,
    names: [],
    children: [],
  };
}
