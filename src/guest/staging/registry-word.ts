// SPDX-License-Identifier: MIT
import type { GuestReader } from "../windows/guest-reader.ts";
import type { KeyView } from "../windows/hive-view.ts";
import { RESULT_KEY } from "./names.ts";
import { parseAttempt, resultOf, type StagingResult } from "./result-file.ts";

/** What the script repeated in the registry of a job, and the key that says so. */
export interface RegistryWord {
  /** Undefined where the key says no phase. */
  readonly result: StagingResult | undefined;
  readonly attemptCount: number;
  readonly where: string;
}

/** Jobs whose results are looked at; a guest is staged a few times in its life. */
const JOB_COUNT_MAX = 64;

/** What the registry says of one job. */
export function readRegistryWord(guest: GuestReader, id: string): RegistryWord | undefined {
  return readKey(guest.software.key(`${RESULT_KEY}\\${id}`));
}

/** What the registry says of the job that was last written of; for a guest whose files are gone. */
export function readLastRegistryWord(guest: GuestReader): RegistryWord | undefined {
  const jobs = guest.software.key(RESULT_KEY).subkeys(JOB_COUNT_MAX);
  const [last] = jobs.toSorted((a, b) => Number((b.lastWritten ?? 0n) - (a.lastWritten ?? 0n)));
  return last === undefined ? undefined : readKey(last);
}

function readKey(key: KeyView): RegistryWord | undefined {
  if (!key.isPresent) return undefined;
  const fields = [
    ["job", key.name],
    ["phase", textOf(key, "Phase")],
    ["exit", textOf(key, "Exit")],
    ["attempt", textOf(key, "Attempt")],
  ] as const;
  const known = fields.filter((field): field is [(typeof field)[0], string] => field[1] !== undefined);
  const result = resultOf(new Map(known));
  return { result, attemptCount: parseAttempt(textOf(key, "Attempt")) ?? 0, where: key.where() };
}

/** The script writes codes as text, since reg.exe takes no negative numbers, and counts as numbers. */
function textOf(key: KeyView, name: string): string | undefined {
  return key.text(name)?.trim() ?? key.number(name)?.toString();
}
