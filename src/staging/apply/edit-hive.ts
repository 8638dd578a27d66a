// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import type { FileSystem } from "../../fs/index.ts";
import { openHiveLogs } from "../../guest/index.ts";
import { type ByteSource, copyBytes, MemorySource } from "../../io/index.ts";
import { type EditStep, HiveEditor } from "../../registry/edit/index.ts";
import type { KeyChange, ValueChange } from "../plan.ts";

export type HiveChange = KeyChange | ValueChange;

/** What becomes of a hive's file. */
export interface EditedHive {
  /** Each on the disk before the next one begins; none where the hive has all of it already. */
  readonly steps: readonly EditStep[];
  /** Bytes of the file; never less than before. */
  readonly sizeBytes: number;
  readonly findings: readonly Finding[];
}

/**
 * Edits a hive in memory, with what its logs hold in it; `isChecked` where the last that was written to it was such an
 * edit. The result is not checked as a whole here: the proof of the whole change does that. Throws what `HiveEditor`
 * throws, NOT_FOUND for keys, and HIVE_EDIT_UNRECOVERED where a log cannot be opened.
 */
export function editHive(
  files: FileSystem,
  path: string,
  changes: readonly HiveChange[],
  { time, isChecked }: { readonly time: bigint; readonly isChecked: boolean },
): EditedHive {
  const logs = requireLogs(files, path);
  const editor = HiveEditor.open(inMemory(files.require(path).open()), {
    logs,
    now: time,
    isChecked,
    isCheckedLater: true,
  });
  for (const change of changes) {
    if (change.kind === "create-key") editor.createKey(change.key);
    else editor.setValue(change.key, change.name, change.type, change.data);
  }
  const { steps, sizeBytes, isSoundThroughout } = editor.finish();
  const findings: Finding[] = [];
  if (!isSoundThroughout) {
    const message = "the hive passes through states that only the undo file mends if the power fails then";
    findings.push(finding("STAGE_TEARABLE", message, { path }));
  }
  return { steps, sizeBytes, findings };
}

/** What is in a log that cannot be read may be newer than the hive, and Windows could apply it over an edit. */
function requireLogs(files: FileSystem, path: string): ByteSource[] {
  const doubts: Finding[] = [];
  const logs = openHiveLogs(files, path, doubts);
  const [doubt] = doubts;
  if (doubt !== undefined) throw new VmguestError("HIVE_EDIT_UNRECOVERED", doubt.message, doubt.where);
  return logs;
}

/** The hives of a large server; what is larger is read from the image again and again. */
const IN_MEMORY_MAX = 256 * 1024 * 1024;

/** All of a hive is looked at several times, cell by cell. */
function inMemory(hive: ByteSource): ByteSource {
  return hive.sizeBytes > IN_MEMORY_MAX ? hive : new MemorySource(copyBytes(hive, 0, hive.sizeBytes));
}
