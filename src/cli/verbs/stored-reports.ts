// SPDX-License-Identifier: MIT
import type { ImageReport } from "../../audit/index.ts";
import { openStoredReport, type StoredReport } from "../../audit/stored/index.ts";
import { requireFile } from "../../batch/index.ts";
import { FileSource } from "../../io/index.ts";

/** The positional that names a stored report. */
export const STORED_REPORT = "that audit wrote with --format json or ndjson";

/** What is read of a report at once; there may be hundreds of them. */
const BUFFER = { pageSizeBytes: 64 * 1024, capacityBytes: 256 * 1024 } as const;

/** Reports in files, which stay open as long as this. */
export class StoredReports implements Disposable {
  readonly #files: FileSource[] = [];

  /** Opens one and checks all of it. Throws PATH_NOT_FOUND, IO_OPEN or an error of {@link openStoredReport}. */
  open(path: string, visit?: (image: ImageReport) => void): StoredReport {
    requireFile(path);
    const file = FileSource.open(path, BUFFER);
    this.#files.push(file);
    return openStoredReport(file, path, visit);
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
  }
}
