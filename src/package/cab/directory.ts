// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FindingList } from "./findings.ts";
import type { Folder, FolderPiece } from "./folder.ts";
import { CONTINUED, FileEntry } from "./layout.ts";
import { type CabMember, compressionOf, MemberFacts } from "./member.ts";
import { checkMemberName } from "./member-name.ts";
import { nameKey } from "./names.ts";
import type { CabinetPart, FileRecord } from "./part.ts";
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
  const folders: GrowingFolder[] = [];
  const members: CabMember[] = [];
  const names = new NameCheck(findings);
  const facts = new MemberFacts();
  let previous: CabinetPart | undefined;
  for (const part of set.parts) {
    const isJoined = previous !== undefined && isContinued(previous, part, findings);
    const first = folders.length - (isJoined ? 1 : 0);
    addFolders(folders, part, isJoined, previous === undefined ? set.before : undefined);
    const known = isJoined && previous !== undefined ? continuedKeys(previous) : undefined;
    for (const file of part.files) {
      const local = localFolder(file, part);
      if (local === undefined) {
        const error = noSuchFolder(file, part);
        if (!isSalvaging) throw error;
        findings.addError(error);
        continue;
      }
      if (comesFromPrevious(file) && known?.has(keyOf(file)) === true) continue;
      const folder = folders[first + local];
      if (folder === undefined) continue;
      const name = file.name.replaceAll("\\", "/");
      members.push({
        index: members.length,
        name,
        sizeBytes: file.sizeBytes,
        modified: facts.modifiedOf(file),
        attributes: facts.attributesOf(file),
        compression: compressionOf(folder.compression),
        folder: folder.index,
        folderOffset: file.folderOffset,
        unsafe: names.check(file, name),
      });
    }
    previous = part;
  }
  markEnd(folders.at(-1), set);
  return { folders, members };
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

function noSuchFolder(file: FileRecord, { name, folders }: CabinetPart): VmguestError {
  const message = `${JSON.stringify(file.name)} lies in folder ${file.folder}, but there are ${folders.length}`;
  const where = { structure: FileEntry.structName, offset: file.offset };
  return new VmguestError("CAB_MEMBER", message, name === undefined ? where : { path: name, ...where });
}

/** Judges names one by one, also against those that came before. */
class NameCheck {
  readonly #findings: FindingList;
  readonly #seen = new Map<string, string>();

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** Why the name must not be used on the host; `name` is that of `file` with `/`. */
  check(file: FileRecord, name: string): string | null {
    const where = { structure: FileEntry.structName, offset: file.offset };
    if (!file.isNameSound)
      this.#findings.add("CAB_NAME_ENCODING", `${JSON.stringify(name)} was not UTF-8`, where);
    const unsafe = checkMemberName(name) ?? this.#checkCollision(name);
    if (unsafe !== null) this.#findings.add("CAB_NAME_UNSAFE", `${JSON.stringify(name)}: ${unsafe}`, where);
    return unsafe;
  }

  #checkCollision(name: string): string | null {
    const key = nameKey(name);
    const other = this.#seen.get(key);
    if (other !== undefined) return `it would take the place of ${JSON.stringify(other)}`;
    this.#seen.set(key, name);
    return null;
  }
}
