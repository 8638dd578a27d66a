// SPDX-License-Identifier: MIT
import { encodeJob, STAGING_FILES, STAGING_FOLDER, type StagingJob } from "../guest/index.ts";
import type { VerifiedPayload } from "./payload.ts";
import type { PlannedChange } from "./plan.ts";
import { firstBootScript } from "./script/index.ts";
import type { StagingTarget } from "./target.ts";

/**
 * The files of a job: the folder, the package, the description and the script. What an earlier staging left of them is
 * replaced; its marks and results name its own job, so that nobody counts them for this one.
 *
 * @throws what encoding the job throws, and what reading the folder throws.
 */
export function planPayload(
  { windows }: StagingTarget,
  { bytes, offer }: Pick<VerifiedPayload, "bytes" | "offer">,
  job: StagingJob,
): PlannedChange[] {
  const { fs, systemRoot } = windows;
  const folder = `${systemRoot}/${STAGING_FOLDER}`;
  const parent = folder.slice(0, folder.lastIndexOf("/"));
  const folders = [parent, folder]
    .filter((path) => fs.find(path) === undefined)
    .map((path): PlannedChange => {
      const reason =
        path === parent ? "Windows Setup left no folder of its own" : "what is staged has no folder yet";
      return { kind: "create-directory", stage: "payload", path, reason };
    });
  const file = (name: string, content: Uint8Array, reason: string): PlannedChange => {
    const path = `${folder}/${name}`;
    const kind = fs.find(path) === undefined ? "create-file" : "replace-file";
    return { kind, stage: "payload", path, content, reason };
  };
  return [
    ...folders,
    file(STAGING_FILES.payload, bytes, `the package ${offer.name}, as it was verified`),
    file(STAGING_FILES.job, encodeJob(job), "what is to be installed, for the script and for the next audit"),
    file(
      STAGING_FILES.script,
      firstBootScript(job),
      "installs the package, writes down what came of it, and removes itself",
    ),
  ];
}
