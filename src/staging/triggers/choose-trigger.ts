// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type SetupState, TRIGGERS, type TriggerId } from "../../guest/index.ts";
import type { ConsideredTrigger } from "../plan.ts";
import type { StagingTarget } from "../target.ts";
import { readTriggerSigns, type TriggerSigns } from "./trigger-signs.ts";

/** What may be used in each state of a guest, the best first; where nothing of it will do, somebody starts the script. */
const LADDERS: Readonly<Record<SetupState, readonly TriggerId[]>> = {
  specialized: ["setup-mode", "group-policy"],
  generalized: ["setup-complete", "group-policy"],
  audit: ["run-once"],
  undeployable: [],
  unknown: [],
};

/**
 * The ladder of a guest. Where Windows Setup passes over SetupComplete.cmd, local group policy comes before it: never both,
 * since a script that is started while Windows Setup is at work has to know whether it waits for that to end.
 */
function ladderOf({ setupState, setupComplete }: TriggerSigns): readonly TriggerId[] {
  const ladder = LADDERS[setupState];
  return setupState === "generalized" && setupComplete === "skipped" ? ladder.toReversed() : ladder;
}

/**
 * Chooses what makes the guest run the first-boot script: the wish, or the first of the ladder of its state that is safe.
 * All triggers are in the result, each with its reason; one of them is chosen.
 *
 * @throws TRIGGER_UNSAFE where the wish is not safe in this guest; what reading its registry and its policy throws.
 */
export function chooseTrigger(target: StagingTarget, wish?: TriggerId): readonly ConsideredTrigger[] {
  return considerTriggers(readTriggerSigns(target), wish);
}

/** The same from the signs alone. */
export function considerTriggers(signs: TriggerSigns, wish?: TriggerId): readonly ConsideredTrigger[] {
  const obstacles = new Map(TRIGGERS.map((trigger) => [trigger, obstacleTo(trigger, signs)]));
  const obstacle = wish === undefined ? undefined : obstacles.get(wish);
  if (obstacle !== undefined) {
    throw new VmguestError("TRIGGER_UNSAFE", `${wish} cannot be used in this guest: ${obstacle}`);
  }
  const ladder = ladderOf(signs).filter((trigger) => obstacles.get(trigger) === undefined);
  const chosen = wish ?? ladder[0] ?? "stage-only";
  const against =
    wish === undefined ? `it would do, but comes after ${chosen}` : `it would do, but ${wish} is wanted`;
  return TRIGGERS.map((trigger) => {
    const isChosen = trigger === chosen;
    const reason = obstacles.get(trigger) ?? (isChosen ? MERITS[trigger] : against);
    return { trigger, isChosen, reason };
  });
}

/** What the reader of a plan should know of the trigger that was chosen. */
export function warnOfTrigger(
  target: StagingTarget,
  considered: readonly ConsideredTrigger[],
): readonly Finding[] {
  const chosen = considered.find(({ isChosen }) => isChosen)?.trigger;
  if (chosen !== "setup-complete") return [];
  const { setupComplete } = readTriggerSigns(target);
  return setupComplete === "runs" ? [] : [finding("TRIGGER_OEM_KEY", KEY_WORDS[setupComplete])];
}

const KEY_WORDS = {
  skipped: "the product key is one of a manufacturer, with which Windows Setup passes over the script",
  unknown:
    "what sort of product key the guest has is not known; with one of a manufacturer, Windows Setup passes over the script",
} as const;

/** Why a trigger would not run, or is not known to be safe; undefined where nothing speaks against it. */
function obstacleTo(trigger: TriggerId, signs: TriggerSigns): string | undefined {
  if (trigger === "stage-only") return undefined;
  const { setupState } = signs;
  if (!LADDERS[setupState].includes(trigger)) return outOfPlace(trigger, setupState);
  switch (trigger) {
    case "setup-mode":
      return signs.isDomainController
        ? "the guest is a domain controller, or does not say that it is none, and setup mode is not known to be safe there"
        : signs.setupModeTaken;
    case "group-policy":
      return signs.unfit.get(trigger) ?? signs.localPolicyOff;
    default:
      return signs.unfit.get(trigger);
  }
}

const STATE_WORDS: Readonly<Record<SetupState, string>> = {
  specialized: "the guest is set up",
  generalized: "the guest is generalised",
  audit: "the guest is in audit mode",
  undeployable: "Windows Setup was interrupted in the guest",
  unknown: "the setup state of the guest is not known",
};

function outOfPlace(trigger: TriggerId, state: SetupState): string {
  const word = STATE_WORDS[state];
  if (state === "undeployable" || state === "unknown") return word;
  switch (trigger) {
    case "setup-complete":
      return `${word}: Windows Setup, which runs the script at its end, does not come to that`;
    case "run-once":
      return `${word}: the script would wait for an administrator to log on`;
    default:
      return `${word}: Windows Setup has its own work there`;
  }
}

const MERITS: Readonly<Record<TriggerId, string>> = {
  "setup-mode": "Winlogon runs the script at the next start, before anybody can log on",
  "setup-complete": "Windows Setup runs the script when it has come to its end, before anybody can log on",
  "group-policy": "local group policy runs the script at the next start",
  "run-once": "the script runs when the administrator of the audit mode is logged on at the next start",
  "stage-only": "nothing runs the script: an administrator has to start run.cmd in the guest",
};
