// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FindingList } from "./findings.ts";
import type { Folder, FolderPiece } from "./folder.ts";
import { CONTINUED } from "./layout.ts";
import { type CabMember, compressionOf, MemberFacts } from "./member.ts";
import { NameCheck } from "./name-check.ts";
import { type CabinetPart, type FileRecord, whereOfFile } from "./part.ts";
import type { SetParts } from "./set-parts.ts";

/** Everything that a cabinet, or a set of them, says about its members. */
export interface Directory {
  readonly folders: readonly Folder[];
  readonly members: readonly CabMember[];
}

interface GrowingFolder extends Folder {
  readonly pieces: FolderPiece[];
  endMissing: string | undefined;
}

/**
 * Joins the lists of the parts of a set. A folder that goes on in the next cabinet is one folder, and the members that
 * both cabinets list because their data lies in both are listed once.
 *
 * Throws CAB_MEMBER where a member names a folder that does not exist; when salvaging it is left out, with a finding.
 */
export function joinParts(set: SetParts, findings: FindingList, isSalvaging: boolean): Directory {
  const joiner = new PartJoiner(findings, isSalvaging);
  for (const part of set.parts) joiner.add(part, set.before);
  markEnd(joiner.folders.at(-1), set);
  return joiner;
}

class PartJoiner implements Directory {
  readonly folders: GrowingFolder[] = [];
  readonly members: CabMember[] = [];
  readonly #findings: FindingList;
  readonly #isSalvaging: boolean;
  readonly #names: NameCheck;
  readonly #facts = new MemberFacts();
  #previous: CabinetPart | undefined;

  constructor(findings: FindingList, isSalvaging: boolean) {
    this.#findings = findings;
    this.#isSalvaging = isSalvaging;
    this.#names = new NameCheck(findings);
  }

  /** `before` is why nothing stands before the first part. */
  add(part: CabinetPart, before: string | undefined): void {
    const previous = this.#previous;
    const isJoined = previous !== undefined && isContinued(previous, part, this.#findings);
    const first = this.folders.length - (isJoined ? 1 : 0);
    addFolders(this.folders, part, isJoined, previous === undefined ? before : undefined);
    const listed = isJoined ? continuedKeys(previous) : undefined;
    for (const file of part.files) {
      const folder = this.#folderOf(file, part, first);
      const isRepeated = comesFromPrevious(file) && listed?.has(keyOf(file)) === true;
      if (folder !== undefined && !isRepeated) this.#addMember(file, folder, part);
    }
    this.#previous = part;
  }

  /** The folder of a file, where `first` is the index of the first folder of its cabinet. */
  #folderOf(file: FileRecord, part: CabinetPart, first: number): Folder | undefined {
    const local = localFolder(file, part);
    if (local !== undefined) return this.folders[first + local];
    const error = noSuchFolder(file, part);
    if (!this.#isSalvaging) throw error;
    this.#findings.addError(error);
    return undefined;
  }

  #addMember(file: FileRecord, { index, compression }: Folder, part: CabinetPart): void {
    const name = file.name.replaceAll("\\", "/");
    this.members.push({
      index: this.members.length,
      name,
      sizeBytes: file.sizeBytes,
      modified: this.#facts.modifiedOf(file),
      attributes: this.#facts.attributesOf(file),
      compression: compressionOf(compression),
      folder: index,
      folderOffset: file.folderOffset,
      unsafe: this.#names.check(file, part, name),
    });
  }
}

const comesFromPrevious = ({ folder }: FileRecord) =>
  folder === CONTINUED.fromPrevious || folder === CONTINUED.both;
const goesOnInNext = ({ folder }: FileRecord) => folder === CONTINUED.toNext || folder === CONTINUED.both;

const keyOf = ({ folderOffset, sizeBytes, name }: FileRecord) => `${folderOffset} ${sizeBytes} ${name}`;
const continuedKeys = ({ files }: CabinetPart) => new Set(files.filter(goesOnInNext).map(keyOf));

/** Whether the last folder of one cabinet goes on as the first of the next. */
function isContinued(left: CabinetPart, right: CabinetPart, findings: FindingList): boolean {
  const goesOn = left.files.some(goesOnInNext);
  const comesOn = right.files.some(comesFromPrevious);
  const isSameMethod = left.folders.at(-1)?.compression === right.folders[0]?.compression;
  if (goesOn === comesOn && (!goesOn || isSameMethod)) return goesOn;
  const message = "its first folder is not what the cabinet before it says goes on there";
  findings.add("CAB_SET_MISMATCH", message, right.name === undefined ? {} : { path: right.name });
  return false;
}

function addFolders(
  folders: GrowingFolder[],
  part: CabinetPart,
  isJoined: boolean,
  before: string | undefined,
): void {
  const needsPrevious = part.files.some(comesFromPrevious);
  part.folders.forEach((record, index) => {
    const last = folders.at(-1);
    if (index === 0 && isJoined && last !== undefined) {
      last.pieces.push({ part, record });
      return;
    }
    const startMissing =
      index === 0 && needsPrevious
        ? (before ?? "it begins in a cabinet before this one, which names none that fits")
        : undefined;
    const { compression } = record;
    folders.push({
      index: folders.length,
      compression,
      pieces: [{ part, record }],
      startMissing,
      endMissing: undefined,
    });
  });
  if (!isJoined) markUnjoined(folders, part);
}

/** The folder that should have gone on in `part`, and does not. */
function markUnjoined(folders: GrowingFolder[], part: CabinetPart): void {
  const last = folders.at(-part.folders.length - 1);
  const lastPart = last?.pieces.at(-1)?.part;
  if (last !== undefined && lastPart?.files.some(goesOnInNext) === true)
    last.endMissing = "it goes on in the next cabinet, whose first folder is another one";
}

function markEnd(last: GrowingFolder | undefined, { after }: SetParts): void {
  const part = last?.pieces.at(-1)?.part;
  if (last !== undefined && part?.files.some(goesOnInNext) === true)
    last.endMissing = after ?? "it goes on in a cabinet after this one, which names none";
}

/** Index of a file's folder among those of its cabinet; undefined where there is no such folder. */
function localFolder(file: FileRecord, { folders }: CabinetPart): number | undefined {
  if (comesFromPrevious(file)) return 0;
  if (goesOnInNext(file)) return folders.length - 1;
  return file.folder < folders.length ? file.folder : undefined;
}

function noSuchFolder(file: FileRecord, part: CabinetPart): VmguestError {
  const message = `${JSON.stringify(file.name)} lies in folder ${file.folder}, but there are ${part.folders.length}`;
  return new VmguestError("CAB_MEMBER", message, whereOfFile(file, part));
}
