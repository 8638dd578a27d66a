// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding, VmguestError } from "../../errors.ts";
import type { NtfsNode, NtfsVolume } from "../../fs/index.ts";
import { parseJob, STAGING_FILES, STAGING_FOLDER } from "../../guest/index.ts";
import { readBytes } from "../../io/index.ts";
import type { StagingTarget } from "../target.ts";

/** FILE_ATTRIBUTE_COMPRESSED and FILE_ATTRIBUTE_ENCRYPTED: what Windows makes in such a folder is so too. */
const STORED_OTHERWISE = 0x800 | 0x4000;

/** More than a description of a job has; what is longer is none. */
const JOB_SIZE_MAX = 64 * 1024;

/** Whether the folder for the files of a staging is free, or an earlier staging's. */
export function* checkStagingFolder({ image, volume, windows }: StagingTarget): Generator<Finding> {
  const ntfs = image.ntfs(volume);
  const path = `${windows.systemRoot}/${STAGING_FOLDER}`;
  const where = { partition: volume.index, path };
  const folder = yield* attempt(() => ntfs.find(path, { followsLast: false }), where);
  const parent = yield* attempt(() => folder ?? ntfs.find(path.slice(0, path.lastIndexOf("/"))), where);
  if (parent !== undefined && (parent.attributes & STORED_OTHERWISE) !== 0) {
    const message = "the folder is marked compressed or encrypted; what is staged is stored plainly";
    yield finding("STAGE_FOLDER_COMPRESSED", message, { ...where, path: parent.path });
  }
  if (folder === undefined) return;
  const foreign = whyForeign(ntfs, folder);
  if (foreign !== undefined) yield finding("STAGING_FOREIGN", foreign, where);
}

/** Why what stands there is not an earlier staging's; undefined where it is. */
function whyForeign(ntfs: NtfsVolume, folder: NtfsNode): string | undefined {
  if (!folder.isDirectory || folder.reparseTag !== undefined) return "what stands there is no folder";
  try {
    const job = ntfs.find(`${folder.path}/${STAGING_FILES.job}`, { followsLast: false });
    if (job === undefined) return `the folder has no ${STAGING_FILES.job}`;
    const source = job.open();
    parseJob(readBytes(source, 0, Math.min(source.sizeBytes, JOB_SIZE_MAX)));
    return undefined;
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    // A description that was begun by vmguest and is damaged is its own all the same.
    if (error.code === "STAGING_JOB") return undefined;
    return `${STAGING_FILES.job} is not vmguest's: ${error.message}`;
  }
}
