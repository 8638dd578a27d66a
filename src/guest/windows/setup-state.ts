// SPDX-License-Identifier: MIT
import type { SetupState } from "../facts.ts";

/** What a guest says of its setup; undefined where it does not say. */
export interface SetupSigns {
  /** NT 5.x, which has no image state. */
  readonly isNt5: boolean;
  /** SOFTWARE `Setup\State\ImageState`. */
  readonly imageState: string | undefined;
  /** The same word in `Windows\Setup\State\State.ini`. */
  readonly stateFile: string | undefined;
  /** SYSTEM `Setup`: what winlogon runs before it lets anybody in. */
  readonly setupType: number | undefined;
  readonly commandLine: string | undefined;
  readonly systemSetupInProgress: number | undefined;
  readonly oobeInProgress: number | undefined;
  readonly auditInProgress: number | undefined;
  /** SYSTEM `Setup\Status\AuditBoot`. */
  readonly auditBoot: number | undefined;
  /** SYSTEM `Setup\Status\SysprepStatus\GeneralizationState`: 7 when sysprep came to its end. */
  readonly generalizationState: number | undefined;
  /** `System32\Sysprep\Sysprep_succeeded.tag` exists. */
  readonly sysprepSucceeded: boolean;
}

export interface SetupJudgement {
  readonly state: SetupState;
  /** The sources that contradict each other, as one sentence; undefined where none do. */
  readonly conflict?: string;
  /** The command that somebody else than Windows Setup set to run before the next logon. */
  readonly armedCommand?: string;
}

/** Image states as Windows Setup names them (Windows Setup states, learn.microsoft.com). */
const IMAGE_STATES: ReadonlyMap<string, SetupState> = new Map([
  ["IMAGE_STATE_COMPLETE", "specialized"],
  ["IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE", "generalized"],
  ["IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT", "audit"],
  ["IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE", "undeployable"],
  ["IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT", "undeployable"],
  ["IMAGE_STATE_UNDEPLOYABLE", "undeployable"],
]);

/** What sysprep leaves in GeneralizationState when it came to its end. */
const GENERALIZATION_COMPLETE = 7;

/**
 * The setup state by all its signs. Sources that contradict each other make it `undeployable`, since nobody can say
 * what the next start would do.
 */
export function judgeSetup(signs: SetupSigns): SetupJudgement {
  const judgement = signs.isNt5 ? judgeNt5(signs) : judgeImageState(signs);
  const armed = armedCommand(signs);
  return armed === undefined ? judgement : { ...judgement, armedCommand: armed };
}

function judgeImageState(signs: SetupSigns): SetupJudgement {
  const { imageState, stateFile } = signs;
  if (imageState !== undefined && stateFile !== undefined && imageState !== stateFile) {
    return conflict(`the registry says ${imageState}, State.ini says ${stateFile}`);
  }
  const word = imageState ?? stateFile;
  if (word === undefined) return { state: stateWithoutWord(signs) };
  switch (IMAGE_STATES.get(word)) {
    case "specialized":
      return judgeComplete(word, signs);
    case "generalized":
      return judgeGeneralized(word, signs);
    case "undeployable":
      // A machine that was started into audit mode is called undeployable until it is sealed again.
      return { state: isInAudit(signs) ? "audit" : "undeployable" };
    case "audit":
      return { state: "audit" };
    default:
      return { state: "unknown" };
  }
}

function judgeComplete(word: string, signs: SetupSigns): SetupJudgement {
  if (isSetupActive(signs) === true) return conflict(`${word}, but ${activity(signs)}`);
  if (isInAudit(signs)) return conflict(`${word}, but audit mode is set`);
  return { state: "specialized" };
}

function judgeGeneralized(word: string, signs: SetupSigns): SetupJudgement {
  if (isSetupActive(signs) === false) return conflict(`${word}, but Windows Setup is not set to run`);
  if (isInAudit(signs)) return conflict(`${word}, but audit mode is set`);
  const { generalizationState: generalization } = signs;
  if (generalization !== undefined && generalization !== GENERALIZATION_COMPLETE) {
    return conflict(`${word}, but sysprep stopped in its generalization state ${generalization}`);
  }
  return { state: "generalized" };
}

/** Without an image state only a sysprep that succeeded and armed the out-of-box experience says something. */
function stateWithoutWord(signs: SetupSigns): SetupState {
  if (isInAudit(signs)) return "audit";
  return signs.sysprepSucceeded && runsSetup(signs) ? "generalized" : "unknown";
}

/** XP and 2003: mini-setup after sysprep, else the state of text-mode and graphical setup. */
function judgeNt5(signs: SetupSigns): SetupJudgement {
  if (isInAudit(signs)) return { state: "audit" };
  switch (isSetupActive(signs)) {
    case undefined:
      return { state: "unknown" };
    case false:
      return { state: "specialized" };
    case true:
      return { state: runsSetup(signs) ? "generalized" : "undeployable" };
  }
}

const conflict = (sentence: string): SetupJudgement => ({ state: "undeployable", conflict: sentence });

/** Whether Windows Setup goes on at the next start; undefined where SYSTEM does not say. */
function isSetupActive(signs: SetupSigns): boolean | undefined {
  const { setupType, systemSetupInProgress, oobeInProgress } = signs;
  if (setupType === undefined && systemSetupInProgress === undefined) return undefined;
  if ((systemSetupInProgress ?? 0) !== 0 || (oobeInProgress ?? 0) !== 0) return true;
  return (setupType ?? 0) !== 0 && armedCommand(signs) === undefined;
}

function isInAudit({ auditInProgress, auditBoot }: SetupSigns): boolean {
  return auditInProgress === 1 || (auditBoot ?? 0) > 0;
}

/** Programs of Windows Setup: windeploy and oobe since Vista, mini-setup before. */
function runsSetup({ commandLine }: SetupSigns): boolean {
  return /windeploy|oobe|-newsetup|-mini/i.test(commandLine ?? "");
}

/**
 * The command of a setup mode that is not Windows Setup's: deployment tools, updaters (and vmguest) use SetupType 2
 * alone to run something once before the logon of a machine that is long set up.
 */
function armedCommand(signs: SetupSigns): string | undefined {
  const { setupType, commandLine, systemSetupInProgress, oobeInProgress } = signs;
  if ((setupType ?? 0) === 0 || commandLine === undefined || commandLine.trim() === "") return undefined;
  if ((systemSetupInProgress ?? 0) !== 0 || (oobeInProgress ?? 0) !== 0) return undefined;
  return runsSetup(signs) ? undefined : commandLine;
}

function activity({ setupType, systemSetupInProgress, oobeInProgress }: SetupSigns): string {
  const values = [
    `SetupType = ${setupType ?? "none"}`,
    `SystemSetupInProgress = ${systemSetupInProgress ?? "none"}`,
    `OOBEInProgress = ${oobeInProgress ?? "none"}`,
  ];
  return `Windows Setup is set to run (${values.join(", ")})`;
}
