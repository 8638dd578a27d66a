// SPDX-License-Identifier: MIT
import { ATTRIBUTE, FileName } from "../../fs/structures/index.ts";
import type { Intent, PathIntent } from "./intent.ts";
import { proofError } from "./proof-error.ts";
import type { VolumeState } from "./volume-state.ts";

/** A file whose data may differ. */
export interface ContentPart {
  readonly path: string;
  /** What it is to hold; undefined for a hive, which is compared by what is in it. */
  readonly intent?: PathIntent;
}

/** A file or directory that is to be new. */
export interface MadePart {
  readonly intent: PathIntent;
  readonly parent: { readonly recordNumber: number; readonly sequence: number };
}

/** What the plan has to do with the records of a volume, by their numbers. */
export interface Parts {
  readonly made: ReadonlyMap<number, MadePart>;
  /** Directories whose entries may differ, the new ones too. */
  readonly directories: ReadonlyMap<number, { readonly path: string }>;
  readonly contents: ReadonlyMap<number, ContentPart>;
  /** Files that were there before and whose sizes may differ. */
  readonly resized: readonly number[];
}

/** Finds what a plan names, before and after. Throws STAGE_PROOF_MISSING for what is not there, or was there already. */
export function partsOf(before: VolumeState, after: VolumeState, { paths, hives }: Intent): Parts {
  const made = new Map<number, MadePart>();
  const directories = new Map<number, { path: string }>();
  const contents = new Map<number, ContentPart>();
  const resized: number[] = [];

  const noteContent = (path: string, intent?: PathIntent) => {
    const [old, next] = [before.find(path), after.find(path)];
    if (old === undefined || next === undefined) throw missing(path, "is not there");
    if (old.recordNumber !== next.recordNumber || old.sequence !== next.sequence) {
      throw missing(path, "is another file than before");
    }
    contents.set(next.recordNumber, { path, ...(intent !== undefined && { intent }) });
    resized.push(next.recordNumber);
    for (const parent of parentsOf(after, next.recordNumber)) {
      const [folder = ""] = after.volume.openRecord(parent).paths;
      directories.set(parent, { path: folder });
    }
  };

  for (const intent of paths) {
    const { path, fate, isDirectory } = intent;
    const [old, next] = [before.find(path), after.find(path)];
    if (fate === "kept") {
      noteContent(path, intent);
    } else {
      if (old !== undefined) throw missing(path, "was there before, and was to be made");
      if (next === undefined || next.isDirectory !== isDirectory) throw missing(path, "was not made");
      const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
      const parent = after.volume.require(folder, { followsLast: false });
      made.set(next.recordNumber, { intent, parent });
      directories.set(parent.recordNumber, { path: parent.path });
      if (isDirectory) directories.set(next.recordNumber, { path });
      else contents.set(next.recordNumber, { path, intent });
    }
  }
  for (const { path } of hives) noteContent(path);
  return { made, directories, contents, resized };
}

function parentsOf(state: VolumeState, recordNumber: number): Set<number> {
  const names = state.record(recordNumber).attributes.filter(({ type }) => type === ATTRIBUTE.fileName);
  return new Set(names.map(({ value }) => new FileName(value).parentRecord));
}

function missing(path: string, message: string) {
  return proofError("STAGE_PROOF_MISSING", message, { path });
}
