// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FindingList } from "./findings.ts";
import { type Folder, outputMax } from "./folder.ts";
import { FolderReader } from "./folder-reader.ts";
import { FolderStream } from "./folder-stream.ts";
import type { ExtractBudget, ExtractLimits } from "./limits.ts";
import type { CabMember } from "./member.ts";

/** A member with its bytes. */
export interface MemberContent {
  readonly member: CabMember;
  /** The bytes in order, to be gone through once; each chunk is valid until the next one. */
  readonly chunks: Iterable<Uint8Array>;
}

/** What a pass over the contents works with. */
interface Pass {
  readonly folders: readonly Folder[];
  readonly limits: ExtractLimits;
  readonly budget: ExtractBudget;
  /** Where losses are told when salvaging. */
  readonly salvage: FindingList | undefined;
}

/** Members with their bytes in the order in which they are stored; see `Cabinet.contents`. */
export function* readContents(members: readonly CabMember[], pass: Pass): Generator<MemberContent> {
  const sorted = members.toSorted(
    (a, b) => a.folder - b.folder || a.folderOffset - b.folderOffset || a.index - b.index,
  );
  let first = 0;
  while (first < sorted.length) {
    const index = sorted[first]?.folder ?? 0;
    let end = first;
    while (sorted[end]?.folder === index) end++;
    const folder = pass.folders[index];
    if (folder !== undefined) yield* readFolder(folder, sorted.slice(first, end), pass);
    first = end;
  }
}

function* readFolder(folder: Folder, members: readonly CabMember[], pass: Pass): Generator<MemberContent> {
  const ranges = members
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .map(({ folderOffset, sizeBytes }) => ({ start: folderOffset, end: folderOffset + sizeBytes }));
  const stream = new FolderStream(folder, pass.budget, pass.salvage);
  const reader = new FolderReader(folder, stream, ranges, pass.limits.keptBytes);
  const reach = folder.startMissing === undefined ? outputMax(folder) : 0;
  let range = 0;
  for (const member of members) {
    if (member.sizeBytes === 0) {
      yield { member, chunks: [] };
      continue;
    }
    const index = range++;
    const { folderOffset } = member;
    if (pass.salvage === undefined) yield { member, chunks: readChunks(reader, index, pass) };
    else if (folderOffset >= reach || reader.isBeyondReach(folderOffset))
      reportLoss(member, 0, "it is left out", pass.salvage);
    else yield { member, chunks: salvageChunks(reader, index, member, pass, pass.salvage) };
  }
}

function* readChunks(reader: FolderReader, range: number, { budget }: Pass): Generator<Uint8Array> {
  for (const { bytes } of reader.read(range)) {
    budget.handOut(bytes.length);
    yield bytes;
  }
}

/** The same for a damaged member: ends where nothing more can be had, and says what is missing. */
function* salvageChunks(
  reader: FolderReader,
  range: number,
  member: CabMember,
  { budget }: Pass,
  findings: FindingList,
): Generator<Uint8Array> {
  let goodBytes = 0;
  let lostBytes = 0;
  try {
    for (const { bytes, isLost } of reader.read(range)) {
      budget.handOut(bytes.length);
      if (isLost) lostBytes += bytes.length;
      else goodBytes += bytes.length;
      yield bytes;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    findings.addError(error, { path: member.name });
    reportLoss(member, goodBytes, `it ends after ${goodBytes + lostBytes}`, findings);
    return;
  }
  if (lostBytes > 0) reportLoss(member, goodBytes, "the others are zeros now", findings);
}

/** Whether an error is the fault of the cabinet, so that other members may still be saved. */
function isDamage(error: unknown): error is VmguestError {
  if (!(error instanceof VmguestError) || error.code === "CAB_LIMIT") return false;
  return error.kind === "corrupt" || error.kind === "unsupported";
}

function reportLoss(
  { name, sizeBytes }: CabMember,
  goodBytes: number,
  outcome: string,
  findings: FindingList,
): void {
  findings.add("CAB_MEMBER_LOST", `${goodBytes} of ${sizeBytes} bytes could be saved; ${outcome}`, {
    path: name,
  });
}
