// SPDX-License-Identifier: MIT
import { openHiveLogs } from "../../guest/index.ts";
import type { ByteSource } from "../../io/index.ts";
import type { PlannedChange } from "../plan.ts";
import type { ProofReport } from "../report.ts";
import { changedSectors, firstDifference } from "./changed-sectors.ts";
import { type HiveFiles, type HiveProof, proveHive } from "./hive-proof.ts";
import { intentOf } from "./intent.ts";
import { proofError, proving } from "./proof-error.ts";
import { proveVolume } from "./volume-proof.ts";
import { type VolumeRange, VolumeState } from "./volume-state.ts";

export interface ProofRequest {
  /** The virtual disk as it was. */
  readonly before: ByteSource;
  /** The virtual disk with the changes in it, read by a stack of its own. */
  readonly after: ByteSource;
  /** The volume that is changed. */
  readonly volume: VolumeRange;
  readonly changes: readonly PlannedChange[];
  /** FILETIME that new and changed files and keys got. */
  readonly time: bigint;
  /**
   * Offsets of the pages of 4096 bytes on the virtual disk that may differ; nothing else is compared. All of both disks
   * is, where it is left out.
   */
  readonly changedPages?: Iterable<number>;
}

/** What a proof of change looked at, all of it as planned. */
export type Proof = Omit<ProofReport, "knownFindings">;

/**
 * Proves that two states of a disk differ in the planned changes alone: every byte that differs is accounted for.
 *
 * FILE records, directories, bitmaps and the cells of hives are compared one by one, with what the plan says; what the
 * plan puts into files is compared with what is there. How, and which bytes do not count, is said in docs/proof.md.
 *
 * Throws the STAGE_PROOF_* code that says where the first difference is that nothing accounts for.
 */
export function proveChanges({ before, after, volume, changes, time, changedPages }: ProofRequest): Proof {
  const { sectors, pageCount } = changedSectors(before, after, changedPages);
  const end = volume.offset + volume.sizeBytes;
  const outside = sectors.find((sector) => sector < volume.offset || sector >= end);
  if (outside !== undefined) {
    throw proofError("STAGE_PROOF_OUTSIDE", "a byte outside the changed volume differs", {
      structure: "virtual disk",
      offset: firstDifference(before, after, outside),
    });
  }
  const intent = intentOf(changes);
  return proving({}, () => {
    const [old, next] = [new VolumeState(before, volume), new VolumeState(after, volume)];
    const records = proveVolume({
      before: old,
      after: next,
      intent,
      time,
      sectors: sectors.map((sector) => sector - volume.offset),
      refuse: (offset) => {
        throw proofError("STAGE_PROOF_UNEXPLAINED", "a byte differs that nothing was planned for", {
          structure: "volume",
          offset: firstDifference(old.source, next.source, offset),
        });
      },
    });
    const hives = intent.hives.map(
      ({ path, changes: ofHive }): HiveProof =>
        proving({ path }, () =>
          proveHive({ path, before: filesOf(old, path), after: filesOf(next, path), changes: ofHive, time }),
        ),
    );
    return { changedPages: pageCount, records, hives };
  });
}

function filesOf({ volume }: VolumeState, path: string): HiveFiles {
  return { source: volume.require(path).open(), logs: openHiveLogs(volume, path, []) };
}
