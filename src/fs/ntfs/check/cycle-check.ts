// SPDX-License-Identifier: MIT
import { RECORD } from "../layout.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** Directories that are each other's parents: every one has a name in a directory, and yet the root leads to none. */
export function checkCycles(check: VolumeCheck): void {
  const { records } = check;
  const directory = RECORD_STATE.inUse | RECORD_STATE.base | RECORD_STATE.directory;
  for (let start = 0; start < records.count; start++) {
    const path: number[] = [];
    let at = start;
    while (records.is(at, directory) && !records.is(at, RECORD_STATE.visited)) {
      records.mark(at, RECORD_STATE.visited | RECORD_STATE.onPath);
      path.push(at);
      at = records.parents[at] ?? 0;
    }
    // The root is its own parent, and that is as it should be.
    const isCycle = records.is(at, directory | RECORD_STATE.onPath) && at !== RECORD.root;
    if (isCycle) {
      const length = path.length - path.indexOf(at);
      check.add("NTFS_DIRECTORY_CYCLE", `is its own parent over ${length} directories`, {
        path: "$MFT",
        structure: `FILE record ${at}`,
      });
    }
    for (const recordNumber of path) records.unmark(recordNumber, RECORD_STATE.onPath);
  }
}
