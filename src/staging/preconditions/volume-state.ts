// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { type Code, type Finding, finding, findingOf, VmguestError } from "../../errors.ts";
import { type NtfsVolume, readNtfsState } from "../../fs/index.ts";
import { NtfsWriter } from "../../fs/ntfs/write/index.ts";
import { Overlay } from "../../io/index.ts";
import type { Volume } from "../../volume/index.ts";

/** Volumes whose inside cannot be read: the guest that was not found may be in one of them. */
const CLOSED: ReadonlySet<Code> = new Set([
  "VOLUME_BITLOCKER",
  "VOLUME_REFS",
  "VOLUME_LDM",
  "VOLUME_STORAGE_SPACES",
]);

const HIBERNATION: ReadonlySet<Code> = new Set(["GUEST_HIBERNATED", "GUEST_HIBERFILE_UNKNOWN"]);

/** Flags that refuse, or are told, by codes of their own. */
const KNOWN_FLAGS: ReadonlySet<string> = new Set([
  "dirty",
  "chkdsk",
  "resize-log",
  "upgrade",
  "nt4",
  "delete-usn",
  "repair-object-id",
]);

/** A partition table that cannot be believed: what is one volume's may be another's. */
const UNBELIEVED: ReadonlySet<Code> = new Set(["VOLUME_LDM", "PARTITION_OVERLAP"]);

/** What keeps volumes from being read; with a guest that was found, only the partition table itself still matters. */
export function* checkClosedVolumes({ layout }: OpenedImage, hasGuest: boolean): Generator<Finding> {
  for (const found of layout.findings) {
    if (UNBELIEVED.has(found.code) || (!hasGuest && CLOSED.has(found.code))) yield found;
  }
}

/** Every reason why the volume of the guest must not be written to, and hibernation on any other. */
export function* checkVolumes(image: OpenedImage, target: Volume): Generator<Finding> {
  for (const volume of image.layout.volumes) {
    if (volume.content !== "ntfs") continue;
    if (volume.index === target.index) yield* within(volume, checkTarget(image.ntfs(volume), volume));
    else yield* within(volume, checkHibernation(image, volume));
  }
}

function* checkTarget(ntfs: NtfsVolume, volume: Volume): Generator<Finding> {
  const state = readNtfsState(ntfs);
  const found = [...ntfs.findings, ...state.findings];
  yield* found;
  const known = new Set(found.map(({ code }) => code));
  try {
    // Opening it for changes, in memory, finds what reading alone does not: the mirror, the bitmaps.
    NtfsWriter.open(new Overlay(volume.source));
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    if (!known.has(error.code)) yield findingOf(error);
  }
  const flags = state.flags.filter((name) => !KNOWN_FLAGS.has(name));
  if (flags.length === 0) return;
  yield finding("STAGE_VOLUME_FLAGS", `the volume is flagged ${flags.join(", ")}`, { path: "$Volume" });
}

/** A guest that resumes has every volume as it remembers it, wherever its memory was put. */
function* checkHibernation(image: OpenedImage, volume: Volume): Generator<Finding> {
  try {
    yield* readNtfsState(image.ntfs(volume)).findings.filter(({ code }) => HIBERNATION.has(code));
  } catch (error) {
    // A volume that is none of the guest's need not be sound.
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
  }
}

function* within({ index }: Volume, findings: Iterable<Finding>): Generator<Finding> {
  for (const found of findings) yield { ...found, where: { partition: index, ...found.where } };
}
