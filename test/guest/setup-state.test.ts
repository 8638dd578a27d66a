import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeSetup, type SetupSigns } from "../../src/guest/windows/setup-state.ts";

/** A machine that was set up and says so everywhere. */
const SET_UP: SetupSigns = {
  isNt5: false,
  imageState: "IMAGE_STATE_COMPLETE",
  stateFile: "IMAGE_STATE_COMPLETE",
  setupType: 0,
  commandLine: "",
  systemSetupInProgress: 0,
  oobeInProgress: 0,
  auditInProgress: undefined,
  auditBoot: 0,
  generalizationState: 7,
  sysprepSucceeded: false,
};

/** What sysprep /generalize /oobe leaves. */
const SEALED: SetupSigns = {
  ...SET_UP,
  imageState: "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
  stateFile: "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
  setupType: 2,
  commandLine: "oobe\\windeploy.exe",
  systemSetupInProgress: 1,
  oobeInProgress: 1,
  sysprepSucceeded: true,
};

const NOTHING: SetupSigns = {
  isNt5: false,
  imageState: undefined,
  stateFile: undefined,
  setupType: undefined,
  commandLine: undefined,
  systemSetupInProgress: undefined,
  oobeInProgress: undefined,
  auditInProgress: undefined,
  auditBoot: undefined,
  generalizationState: undefined,
  sysprepSucceeded: false,
};

const image = (word: string) => ({ imageState: word, stateFile: word });

describe("the setup state", () => {
  test.each<[title: string, state: string, signs: SetupSigns]>([
    ["a machine that was set up", "specialized", SET_UP],
    ["a machine whose State.ini is gone", "specialized", { ...SET_UP, stateFile: undefined }],
    ["a machine whose registry lost the image state", "specialized", { ...SET_UP, imageState: undefined }],
    [
      "a machine with no word of SYSTEM\\Setup",
      "specialized",
      { ...NOTHING, ...image("IMAGE_STATE_COMPLETE") },
    ],
    ["a sealed image", "generalized", SEALED],
    ["a sealed image to audit", "audit", { ...SEALED, ...image("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT") }],
    [
      "a machine in audit mode",
      "audit",
      { ...SET_UP, ...image("IMAGE_STATE_UNDEPLOYABLE"), auditInProgress: 1 },
    ],
    ["a setup that broke off", "undeployable", { ...SEALED, ...image("IMAGE_STATE_UNDEPLOYABLE") }],
    [
      "a half specialised image",
      "undeployable",
      { ...SEALED, ...image("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE") },
    ],
    ["the same to audit", "undeployable", { ...SEALED, ...image("IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT") }],
    ["a word that Windows does not have", "unknown", { ...SET_UP, ...image("IMAGE_STATE_FUTURE") }],
    ["a word that objects have", "unknown", { ...SET_UP, ...image("constructor") }],
    [
      "no image state, but the tag of sysprep",
      "generalized",
      { ...SEALED, imageState: undefined, stateFile: undefined },
    ],
    ["no image state and no tag", "unknown", { ...SET_UP, imageState: undefined, stateFile: undefined }],
    ["no image state, but audit mode", "audit", { ...NOTHING, auditBoot: 1 }],
    ["nothing at all", "unknown", NOTHING],
    [
      "XP that was set up",
      "specialized",
      { ...NOTHING, isNt5: true, setupType: 0, systemSetupInProgress: 0 },
    ],
    [
      "XP after sysprep",
      "generalized",
      {
        ...NOTHING,
        isNt5: true,
        setupType: 1,
        systemSetupInProgress: 1,
        commandLine: "setup -newsetup -mini",
      },
    ],
    ["XP in the middle of its setup", "undeployable", { ...NOTHING, isNt5: true, systemSetupInProgress: 1 }],
    ["XP in factory mode", "audit", { ...NOTHING, isNt5: true, auditInProgress: 1 }],
    ["XP without a word", "unknown", { ...NOTHING, isNt5: true }],
  ])("of %s is %s", (_title, state, signs) => {
    expect(judgeSetup(signs)).toEqual({ state });
  });

  test.each<[title: string, signs: SetupSigns, conflict: RegExp]>([
    ["registry and State.ini", { ...SET_UP, stateFile: "IMAGE_STATE_UNDEPLOYABLE" }, /State\.ini says/],
    [
      "a complete image and a running setup",
      { ...SET_UP, systemSetupInProgress: 1 },
      /SystemSetupInProgress = 1/,
    ],
    [
      "a complete image and the out-of-box experience",
      { ...SET_UP, oobeInProgress: 1 },
      /OOBEInProgress = 1/,
    ],
    [
      "a complete image and a setup to come",
      { ...SET_UP, setupType: 2, commandLine: "oobe\\windeploy.exe" },
      /SetupType = 2/,
    ],
    ["a complete image and a setup type without a command", { ...SET_UP, setupType: 1 }, /SetupType = 1/],
    ["a complete image and audit mode", { ...SET_UP, auditBoot: 1 }, /audit mode/],
    [
      "a sealed image and no setup to come",
      { ...SET_UP, ...image(SEALED.imageState ?? "") },
      /not set to run/,
    ],
    ["a sealed image and audit mode", { ...SEALED, auditInProgress: 1 }, /audit mode/],
    [
      "a sealed image and a sysprep that broke off",
      { ...SEALED, generalizationState: 3 },
      /generalization state 3/,
    ],
  ])("of %s, which contradict each other, is undeployable", (_title, signs, conflict) => {
    expect(judgeSetup(signs)).toEqual({ state: "undeployable", conflict: expect.stringMatching(conflict) });
  });

  test("of a machine with a foreign command armed is that of the machine, and the command is named", () => {
    const commandLine = "C:\\Windows\\System32\\cmd.exe /c C:\\deploy\\resume.cmd";
    const armed = judgeSetup({ ...SET_UP, setupType: 2, commandLine });
    expect(armed).toEqual({ state: "specialized", armedCommand: commandLine });
  });

  test("is one of five, whatever the signs are", () => {
    const number = fc.option(fc.nat(8), { nil: undefined });
    const words = [SET_UP.imageState, SEALED.imageState, "IMAGE_STATE_UNDEPLOYABLE", "", "x"];
    const text = fc.option(fc.constantFrom(...words, "oobe\\windeploy.exe", "cmd"), { nil: undefined });
    const signs = fc.record({
      isNt5: fc.boolean(),
      imageState: text,
      stateFile: text,
      setupType: number,
      commandLine: text,
      systemSetupInProgress: number,
      oobeInProgress: number,
      auditInProgress: number,
      auditBoot: number,
      generalizationState: number,
      sysprepSucceeded: fc.boolean(),
    });
    const states = ["specialized", "generalized", "audit", "undeployable", "unknown"];
    fc.assert(
      fc.property(signs, (any) => {
        const { state, conflict } = judgeSetup(any);
        expect(states).toContain(state);
        if (conflict !== undefined) expect(state).toBe("undeployable");
      }),
    );
  });
});
