// SPDX-License-Identifier: MIT
import type { ChangeReport, PlanReport, StageReport } from "../staging/index.ts";
import { makeVisible, shownName, shownSentence } from "./visible-text.ts";

type Trigger = NonNullable<PlanReport["trigger"]>;
type TriggerId = Trigger["id"];

/** What the guest will do with each trigger, at its next start or when else. */
const AT_NEXT_START: Readonly<Record<TriggerId, string>> = {
  "setup-mode":
    "At its next start Windows runs the script as LocalSystem before the logon screen, which waits for it. The script first takes its own trigger away, so that it cannot run in a loop.",
  "setup-complete":
    "At its first start Windows Setup runs the script as its last step, before the logon screen. It never restarts the guest.",
  "group-policy":
    "At its next start Windows runs the script as a start-up script of the local group policy, in the background. A start out of Windows 8's fast start-up does not count: restart the guest then.",
  "run-once": "The script runs when an administrator logs on next, which in audit mode every start does.",
  "stage-only":
    "Nothing runs by itself: run %SystemRoot%\\Setup\\vmguest\\run.cmd in the guest as an administrator.",
};

/** Triggers at which the script never asks for a restart, whatever the policy. */
const WITHOUT_RESTART: ReadonlySet<TriggerId> = new Set(["setup-complete", "run-once"]);

/** What happens once the VM is started, as sentences. */
export function describeNextStart({ id, reboot, maxAttempts }: Trigger): string[] {
  const restarts = reboot === "auto" && !WITHOUT_RESTART.has(id);
  const restart = restarts
    ? "Where the installer asks for it, the guest restarts once by itself."
    : "Where the installer asks for a restart, that is left to you: the guest does not restart by itself.";
  const attempts = `The script begins an installation at ${maxAttempts} starts at most, and then gives up.`;
  return id === "stage-only" ? [AT_NEXT_START[id]] : [AT_NEXT_START[id], `${restart} ${attempts}`];
}

const VERBS: Readonly<Record<ChangeReport["kind"], string>> = {
  "create-directory": "make folder",
  "create-file": "make file",
  "replace-file": "rewrite file",
  "create-key": "make key",
  "set-value": "set value",
};

export function describeVerb({ kind }: ChangeReport): string {
  return VERBS[kind];
}

/** The file, or hive, key and value with its new data. */
export function describePlace({ path, key, value, data }: ChangeReport): string {
  const file = shownSentence(path);
  if (key === null) return file;
  if (value === null) return `${file}: ${shownSentence(key)}`;
  const name = value === "" ? "(default)" : shownName(value);
  const shown = data === null ? "" : ` = ${shownSentence(data)}`;
  return `${file}: ${shownSentence(key)}\\${name}${shown}`;
}

/** `12345 bytes` or `1.5 MiB`. */
export function describeBytes(count: number): string {
  if (count < 2 ** 20) return count === 1 ? "1 byte" : `${count} bytes`;
  return `${(count / 2 ** 20).toFixed(1)} MiB`;
}

/** What the change is written to. */
export function describeTarget(target: NonNullable<StageReport["target"]>, image: string): string {
  if (target.kind === "in-place") return "the image itself";
  const path = makeVisible(target.path);
  return target.kind === "copy"
    ? `${path}, a copy of ${makeVisible(image)}`
    : `${path}, a differencing disk over ${makeVisible(image)}, which must not be changed from now on`;
}

/** What of a word a POSIX shell leaves alone. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A command line to copy, its words quoted where a shell needs it. */
export function writeCommand(words: readonly string[]): string {
  const quoted = words.map((word) => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return makeVisible(quoted.join(" "));
}
