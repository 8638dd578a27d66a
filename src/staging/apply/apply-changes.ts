// SPDX-License-Identifier: MIT
import { dateToFiletime } from "../../bytes/index.ts";
import type { Disk } from "../../disk/index.ts";
import { type Finding, locate } from "../../errors.ts";
import { openNtfs } from "../../fs/index.ts";
import { NtfsWriter } from "../../fs/ntfs/write/index.ts";
import { Overlay, WritableSlice } from "../../io/index.ts";
import type { Volume } from "../../volume/index.ts";
import type { DirectoryChange, FileChange, PlannedChange } from "../plan.ts";
import { STAGES } from "../plan.ts";
import { editHive, type HiveChange } from "./edit-hive.ts";

export interface ApplyOptions {
  /** The time that new and changed files and keys get. */
  readonly now: Date;
  /** Whether a range of the disk has its place in the image file, so that writing there does not make it grow. */
  readonly prefers?: (offset: number, sizeBytes: number) => boolean;
}

/** A disk with planned changes in it, in memory. */
export interface AppliedChanges {
  /** The disk, changed; its `changes()` are in the order in which they may be written. */
  readonly overlay: Overlay;
  /** Where a power failure in the middle of the writing could leave something that only the undo file mends. */
  readonly findings: readonly Finding[];
}

/**
 * Makes planned changes of one volume, in memory: stage by stage, in each the files first and then the hives. Each file
 * of the last stage, and each step of a hive, is on the disk before the next one begins.
 *
 * Throws what `NtfsWriter` and `HiveEditor` throw where the volume or a hive cannot be written to safely.
 */
export function applyChanges(
  disk: Disk,
  volume: Volume,
  changes: readonly PlannedChange[],
  { now, prefers }: ApplyOptions,
): AppliedChanges {
  const overlay = new Overlay(disk);
  const target = new WritableSlice(overlay, volume.offset, volume.sizeBytes);
  const writer = NtfsWriter.open(target, {
    volumeOffset: volume.offset,
    ...(prefers !== undefined && { prefers: (offset, size) => prefers(volume.offset + offset, size) }),
  });
  const time = dateToFiletime(now);
  const findings: Finding[] = [];
  const edited = new Set<string>();
  for (const stage of STAGES) {
    const ofStage = changes.filter((change) => change.stage === stage);
    for (const change of ofStage.filter(isFileChange)) {
      locate({ path: change.path }, () => changeFile(writer, change, time));
      // A directory is there before what stands in it.
      if (stage === "arming" || change.kind === "create-directory") overlay.fence();
    }
    overlay.fence();
    for (const [path, ofHive] of byHive(ofStage)) {
      const files = openNtfs(target);
      const how = { time, isChecked: edited.has(path) };
      const edit = locate({ path }, () => editHive(files, path, ofHive, how));
      if (edit.steps.length === 0) continue;
      edited.add(path);
      writer.extend(path, edit.sizeBytes, { time });
      overlay.fence();
      for (const step of edit.steps) {
        for (const { offset, bytes } of step.changes) writer.overwrite(path, offset, bytes, "arming");
        overlay.fence();
      }
      findings.push(...edit.findings);
    }
  }
  return { overlay, findings: [...findings, ...writer.findings] };
}

type OnFiles = DirectoryChange | FileChange;

const isFileChange = (change: PlannedChange): change is OnFiles => !("hive" in change);

function changeFile(writer: NtfsWriter, change: OnFiles, time: bigint): void {
  const options = {
    time,
    ...("attributes" in change && change.attributes !== undefined && { attributes: change.attributes }),
  };
  switch (change.kind) {
    case "create-directory":
      writer.createDirectory(change.path, options);
      break;
    case "create-file":
      writer.createFile(change.path, change.content, options);
      break;
    case "replace-file":
      writer.replaceContent(change.path, change.content, { time });
      break;
  }
}

/** The registry changes, hive by hive, in the order in which the hives first come. */
function byHive(changes: readonly PlannedChange[]): Map<string, HiveChange[]> {
  const hives = new Map<string, HiveChange[]>();
  for (const change of changes) {
    if (!("hive" in change)) continue;
    const found = hives.get(change.hive) ?? [];
    found.push(change);
    hives.set(change.hive, found);
  }
  return hives;
}
