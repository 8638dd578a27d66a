// SPDX-License-Identifier: MIT
import type { GuestReader } from "../windows/guest-reader.ts";
import type { KeyView } from "../windows/hive-view.ts";
import { RESULT_KEY } from "./names.ts";
import { resultOf, type StagingResult } from "./result-file.ts";

/** How a job ended, as the script repeated it in the registry, and the key that says so. */
export interface MirroredResult {
  readonly result: StagingResult;
  readonly where: string;
}

/** Jobs whose results are looked at; a guest is staged a few times in its life. */
const JOB_COUNT_MAX = 64;

/** What the registry says of one job. */
export function readMirror(guest: GuestReader, id: string): MirroredResult | undefined {
  return readKey(guest.software.key(`${RESULT_KEY}\\${id}`));
}

/** What the registry says of the job that was last written of; for a guest whose files are gone. */
export function readLastMirror(guest: GuestReader): MirroredResult | undefined {
  const jobs = guest.software.key(RESULT_KEY).subkeys(JOB_COUNT_MAX);
  const [last] = jobs.toSorted((a, b) => ((b.lastWritten ?? 0n) > (a.lastWritten ?? 0n) ? 1 : -1));
  return last === undefined ? undefined : readKey(last);
}

function readKey(key: KeyView): MirroredResult | undefined {
  const fields = [
    ["job", key.name],
    ["phase", textOf(key, "Phase")],
    ["exit", textOf(key, "Exit")],
    ["attempt", textOf(key, "Attempt")],
  ] as const;
  const known = fields.filter((field): field is [(typeof field)[0], string] => field[1] !== undefined);
  const result = resultOf(new Map(known));
  return result === undefined ? undefined : { result, where: key.where() };
}

/** Written as text by a script, and as a number by whoever finds that neater. */
function textOf(key: KeyView, name: string): string | undefined {
  return key.text(name)?.trim() ?? key.number(name)?.toString();
}
