// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../errors.ts";
import { encodeJob, STAGING_FILES, STAGING_FOLDER, type StagingJob } from "../guest/index.ts";
import type { VerifiedPayload } from "./payload.ts";
import type { PlannedChange } from "./plan.ts";
import { firstBootScript } from "./script/index.ts";
import type { StagingTarget } from "./target.ts";

/** What may be in the folder of a staging before the next one: files that are replaced, and logs. */
const HARMLESS_FILES: ReadonlySet<string> = new Set(
  [
    STAGING_FILES.payload,
    STAGING_FILES.job,
    STAGING_FILES.script,
    STAGING_FILES.log,
    "dism.log",
    "cbs.log",
  ].map((name) => name.toUpperCase()),
);

/** Entries of the folder that are looked at; the script makes a dozen. */
const ENTRY_COUNT_MAX = 100;

/**
 * The files of a job: the folder, the package, the description and the script. What an earlier staging left of them is
 * replaced.
 *
 * @throws STAGE_LEFTOVERS where an earlier staging left more, which would be counted against this one; what encoding the
 * job throws, and what reading the folder throws.
 */
export function planPayload(
  { windows }: StagingTarget,
  { bytes, offer }: Pick<VerifiedPayload, "bytes" | "offer">,
  job: StagingJob,
): PlannedChange[] {
  const { fs, systemRoot } = windows;
  const folder = `${systemRoot}/${STAGING_FOLDER}`;
  checkLeftovers({ windows }, folder);
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

function checkLeftovers({ windows }: Pick<StagingTarget, "windows">, path: string): void {
  locate({ path }, () => {
    const folder = windows.fs.find(path);
    if (folder === undefined) return;
    let count = 0;
    for (const { name } of folder.list()) {
      count++;
      if (HARMLESS_FILES.has(name.toUpperCase()) && count <= ENTRY_COUNT_MAX) continue;
      throw new VmguestError(
        "STAGE_LEFTOVERS",
        `an earlier staging left ${name.slice(0, 80)}, which would be counted against this one`,
      );
    }
  });
}

/** Whether two jobs do the same; who asked for it, and when, does not count. */
export function isSameJob(one: StagingJob, other: StagingJob): boolean {
  const withoutId = ({ id, ...job }: StagingJob) => JSON.stringify(Object.entries(job).sort());
  return withoutId(one) === withoutId(other);
}
