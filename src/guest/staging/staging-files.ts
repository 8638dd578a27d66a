// SPDX-License-Identifier: MIT
import { finding, findingOf, located, VmguestError } from "../../errors.ts";
import type { FileNode } from "../../fs/index.ts";
import { copyBytes } from "../../io/index.ts";
import { sha256Of } from "../../package/digest/index.ts";
import type { FindingLog } from "../windows/finding-log.ts";
import type { GuestReader } from "../windows/guest-reader.ts";
import type { StagingJob } from "./job.ts";
import { ATTEMPTS_MAX, JOB_FILE_SIZE_MAX, parseJob } from "./job-file.ts";
import { STAGING_FILES, STAGING_FOLDER } from "./names.ts";
import { parseResult, RESULT_FILE_SIZE_MAX, type StagingResult } from "./result-file.ts";

/** A mark is the id of a job and a line end. */
const MARK_SIZE_MAX = 64;

/** The files of a staging in a guest, each read when it is asked for. */
export class StagingFiles {
  readonly #guest: GuestReader;
  readonly #log: FindingLog;

  constructor(guest: GuestReader, log: FindingLog) {
    this.#guest = guest;
    this.#log = log;
  }

  pathOf(name?: string): string {
    return this.#guest.pathOf(name === undefined ? STAGING_FOLDER : `${STAGING_FOLDER}/${name}`);
  }

  /** Whether there is anything to look into; what is no folder is a finding, and so is one that cannot be read. */
  findFolder(): "present" | "absent" | "foreign" | "unreadable" {
    const path = this.pathOf();
    const folder = this.#log.attempt({ path }, () => this.#guest.findFile(path), "unreadable" as const);
    if (folder === "unreadable") return "unreadable";
    if (folder === undefined) return "absent";
    return folder.isDirectory ? "present" : this.#foreign("there is a file of that name");
  }

  /** The job; a finding where there is none of ours, or none that can be read. */
  readJob(): StagingJob | "foreign" | "unreadable" {
    const path = this.pathOf(STAGING_FILES.job);
    try {
      const bytes = this.#read(STAGING_FILES.job, JOB_FILE_SIZE_MAX);
      return bytes === undefined ? this.#foreign(`it has no ${STAGING_FILES.job}`) : parseJob(bytes);
    } catch (error) {
      const full = located(error, { path });
      if (!(full instanceof VmguestError)) throw error;
      this.#log.add(findingOf(full));
      return full.code === "STAGING_FOREIGN" ? "foreign" : "unreadable";
    }
  }

  /** What the script wrote down; undefined where it wrote nothing, or nothing that can be read. */
  readResult(): StagingResult | undefined {
    const name = STAGING_FILES.result;
    const path = this.pathOf(name);
    return this.#log.attempt(
      { path },
      () => {
        const bytes = this.#read(name, RESULT_FILE_SIZE_MAX);
        return bytes === undefined ? undefined : parseResult(bytes);
      },
      undefined,
    );
  }

  /** Attempts that were begun: the highest number of a mark of this job, `attempt.1` and so on, which holds its id. */
  countAttempts(id: string): number {
    for (let count = ATTEMPTS_MAX; count > 0; count--) {
      const path = this.pathOf(`attempt.${count}`);
      const mark = this.#log.attempt(
        { path },
        () => this.#read(`attempt.${count}`, MARK_SIZE_MAX),
        undefined,
      );
      if (mark !== undefined && new TextDecoder("latin1").decode(mark).trim() === id) return count;
    }
    return 0;
  }

  /** What the script and its package lack to be run: one sentence for each. Reads the package in full. */
  findDefects(job: StagingJob): string[] {
    const { script } = STAGING_FILES;
    const file = this.#find(script);
    const isThere = file !== undefined && file !== "unreadable" && !file.isDirectory && file.sizeBytes > 0;
    const defects = isThere ? [] : [`there is no script (${this.pathOf(script)})`];
    const payload = this.#payloadDefect(job);
    return payload === undefined ? defects : [...defects, payload];
  }

  #payloadDefect({ sizeBytes, sha256 }: StagingJob): string | undefined {
    const path = this.pathOf(STAGING_FILES.payload);
    const file = this.#find(STAGING_FILES.payload);
    if (file === undefined) return `the package is gone (${path})`;
    if (file === "unreadable") return `the package cannot be read (${path})`;
    if (file.sizeBytes !== sizeBytes) {
      return `the package has ${file.sizeBytes} bytes instead of ${sizeBytes} (${path})`;
    }
    const found = this.#log.attempt({ path }, () => sha256Of(file.open()), undefined);
    if (found === undefined) return `the package cannot be read (${path})`;
    return found === sha256 ? undefined : `the package is not the one that was staged (${path})`;
  }

  #find(name: string): FileNode | "unreadable" | undefined {
    const path = this.pathOf(name);
    return this.#log.attempt({ path }, () => this.#guest.findFile(path), "unreadable" as const);
  }

  /** The bytes of a file, one more than `sizeMax` at most, which says that there are too many. */
  #read(name: string, sizeMax: number): Uint8Array | undefined {
    const source = this.#guest.findFile(this.pathOf(name))?.open();
    if (source === undefined) return undefined;
    return copyBytes(source, 0, Math.min(source.sizeBytes, sizeMax + 1));
  }

  #foreign(message: string): "foreign" {
    this.#log.add(finding("STAGING_FOREIGN", message, { path: this.pathOf() }));
    return "foreign";
  }
}
