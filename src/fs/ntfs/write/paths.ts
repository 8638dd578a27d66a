// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../../bytes/index.ts";
import { VmguestError } from "../../../errors.ts";
import { FileName, RECORD } from "../layout.ts";
import { Directory } from "./directory.ts";
import type { RecordEditor } from "./record-editor.ts";
import { referenceOf } from "./tree-node.ts";
import type { Workspace } from "./workspace.ts";

/** Finds what paths lead to, and keeps the directories that an operation changes. */
export class Paths {
  readonly #space: Workspace;
  /** Kept as long as the writer: a directory knows which blocks an image that was cut short may still use. */
  readonly #directories = new Map<number, Directory>();
  readonly #touched = new Set<Directory>();

  constructor(space: Workspace) {
    this.#space = space;
  }

  split(path: string): { parentPath: string; name: string } {
    const steps = stepsOf(path);
    const name = steps.pop();
    if (name === undefined) throw new VmguestError("NTFS_WRITE_NAME", "the path names nothing", { path });
    return { parentPath: steps.join("/"), name };
  }

  /** Throws NOT_FOUND, NTFS_NOT_A_DIRECTORY or NTFS_WRITE_TARGET. */
  directory(path: string): Directory {
    let directory = this.#open(RECORD.root, "");
    let at = "";
    for (const step of stepsOf(path)) {
      at = at === "" ? step : `${at}/${step}`;
      directory = this.#open(this.#referenceIn(directory, step, at), at);
    }
    return directory;
  }

  /** The record that a path leads to, opened for changes, and the directory it stands in. */
  find(path: string): { editor: RecordEditor; parent: Directory } {
    const { parentPath, name } = this.split(path);
    const parent = this.directory(parentPath);
    return { editor: this.#space.records.edit(this.#referenceIn(parent, name, path)), parent };
  }

  /** Every name that a record gives its file, with the directory that it stands in. */
  namesOf(editor: RecordEditor): [directory: Directory, name: string][] {
    return editor.names.map((value) => {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      requireName(view, editor.recordNumber);
      const { parentRecord, nameLength } = new FileName(view);
      const name = decodeUtf16(view, FileName.sizeBytes, nameLength * 2);
      return [this.#open(parentRecord, `$MFT record ${parentRecord}`), name];
    });
  }

  /** A directory was deleted. */
  forget(recordNumber: number): void {
    const directory = this.#directories.get(recordNumber);
    if (directory === undefined) return;
    this.#directories.delete(recordNumber);
    this.#touched.delete(directory);
  }

  commit(): void {
    for (const directory of this.#touched) directory.commit();
    this.#touched.clear();
  }

  discard(): void {
    for (const directory of this.#touched) directory.discard();
    this.#touched.clear();
  }

  /** Number of the record that a name leads to, once that has proved to be the one meant. */
  #referenceIn(directory: Directory, name: string, path: string): number {
    const entry = directory.find(name);
    if (entry === undefined)
      throw new VmguestError("NOT_FOUND", "no such file or directory on the volume", { path });
    const { recordNumber, sequence } = referenceOf(entry);
    const record = this.#space.records.record(recordNumber);
    if (!record.isInUse || !record.isBase || record.header.sequence !== sequence) {
      throw new VmguestError("NTFS_STALE_ENTRY", "the entry refers to another file's record", { path });
    }
    return recordNumber;
  }

  #open(recordNumber: number, path: string): Directory {
    const known = this.#directories.get(recordNumber);
    const directory = known ?? new Directory(this.#space, recordNumber, path);
    this.#directories.set(recordNumber, directory);
    if (!this.#touched.has(directory)) directory.begin();
    this.#touched.add(directory);
    return directory;
  }
}

/** Throws NTFS_WRITE_DAMAGED for a name that does not fit its attribute. */
function requireName(view: DataView, recordNumber: number): void {
  const { sizeBytes } = FileName;
  if (view.byteLength >= sizeBytes && sizeBytes + new FileName(view).nameLength * 2 <= view.byteLength)
    return;
  throw new VmguestError("NTFS_WRITE_DAMAGED", "a name of the file does not fit its attribute", {
    structure: `FILE record ${recordNumber}`,
  });
}

function stepsOf(path: string): string[] {
  return path.split(/[/\\]/).filter((step) => step !== "" && step !== ".");
}
