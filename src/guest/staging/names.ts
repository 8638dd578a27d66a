// SPDX-License-Identifier: MIT

/** Folder of a staging below the folder of Windows; `Setup` is there since Vista. All names are 8.3 whatever their case. */
export const STAGING_FOLDER = "Setup/vmguest";

/** Files in {@link STAGING_FOLDER}. */
export const STAGING_FILES = {
  /** What is to be done, written with the rest while the guest is stopped. */
  job: "job.ini",
  /** The package itself. */
  payload: "ic.cab",
  /** What the guest runs at its next start. */
  script: "run.cmd",
  /** What came of it, written by the script. */
  result: "result.ini",
  log: "run.log",
} as const;

/** Key in SOFTWARE where the script repeats how it ended, a subkey for each job. */
export const RESULT_KEY = "vmguest";
