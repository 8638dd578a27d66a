import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { armedCommandLine, type SetupState, TRIGGERS, type TriggerId } from "../../../src/guest/index.ts";
import { considerTriggers } from "../../../src/staging/triggers/choose-trigger.ts";
import { chooseTrigger, warnOfTrigger } from "../../../src/staging/triggers/index.ts";
import type { TriggerSigns } from "../../../src/staging/triggers/trigger-signs.ts";
import { raw } from "../../lab/hive.ts";
import type { TreeChange } from "../../lab/windows.ts";
import { type LabGuest, LabTarget, SETUP_STATES } from "../lab-target.ts";

const SIGNS: TriggerSigns = {
  setupState: "specialized",
  isDomainController: false,
  setupModeTaken: undefined,
  localPolicyOff: undefined,
  setupComplete: "runs",
  unfit: new Map(),
};
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

const chosenIn = (considered: ReturnType<typeof considerTriggers>) =>
  considered.filter(({ isChosen }) => isChosen).map(({ trigger }) => trigger);
const choose = (guest: LabGuest, wish?: TriggerId) => chooseTrigger(LabTarget.of(guest), wish);
const currentVersion = (values: TreeChange): TreeChange => ({
  Microsoft: { "Windows NT": { CurrentVersion: values } },
});

describe("the ladder", () => {
  test.each<{ signs: Partial<TriggerSigns>; chosen: TriggerId }>([
    { signs: {}, chosen: "setup-mode" },
    { signs: { isDomainController: true }, chosen: "group-policy" },
    { signs: { setupModeTaken: "it is in use" }, chosen: "group-policy" },
    { signs: { setupModeTaken: "it is in use", localPolicyOff: "it is off" }, chosen: "stage-only" },
    { signs: { isDomainController: true, unfit: new Map([["group-policy", "odd"]]) }, chosen: "stage-only" },
    { signs: { setupState: "generalized" }, chosen: "setup-complete" },
    { signs: { setupState: "generalized", setupComplete: "unknown" }, chosen: "setup-complete" },
    { signs: { setupState: "generalized", setupComplete: "skipped" }, chosen: "group-policy" },
    {
      signs: { setupState: "generalized", setupComplete: "skipped", localPolicyOff: "it is off" },
      chosen: "setup-complete",
    },
    {
      signs: { setupState: "generalized", unfit: new Map([["setup-complete", "odd"]]) },
      chosen: "group-policy",
    },
    { signs: { setupState: "audit" }, chosen: "run-once" },
    { signs: { setupState: "audit", unfit: new Map([["run-once", "taken"]]) }, chosen: "stage-only" },
    { signs: { setupState: "undeployable" }, chosen: "stage-only" },
    { signs: { setupState: "unknown" }, chosen: "stage-only" },
  ])("gives $chosen for $signs", ({ signs, chosen }) => {
    const considered = considerTriggers({ ...SIGNS, ...signs });
    expect(chosenIn(considered)).toEqual([chosen]);
    expect(considered.map(({ trigger }) => trigger)).toEqual(TRIGGERS);
    expect(considered.every(({ reason }) => /^\S.*[^.]$/.test(reason))).toBe(true);
  });

  test("says of each trigger why it is not taken", () => {
    const reasons = Object.fromEntries(
      considerTriggers({ ...SIGNS, setupModeTaken: "SYSTEM\\Setup is in use" }).map(({ trigger, reason }) => [
        trigger,
        reason,
      ]),
    );
    expect(reasons).toMatchObject({
      "setup-mode": "SYSTEM\\Setup is in use",
      "setup-complete": expect.stringMatching(/^the guest is set up: Windows Setup/),
      "group-policy": "local group policy runs the script at the next start",
      "run-once": expect.stringMatching(/^the guest is set up: .* log on$/),
      "stage-only": "it would do, but comes after group-policy",
    });
  });
});

describe("a wish", () => {
  const states: readonly SetupState[] = ["specialized", "generalized", "audit", "undeployable", "unknown"];
  const safe: Readonly<Record<SetupState, readonly TriggerId[]>> = {
    specialized: ["setup-mode", "group-policy", "stage-only"],
    generalized: ["setup-complete", "group-policy", "stage-only"],
    audit: ["run-once", "stage-only"],
    undeployable: ["stage-only"],
    unknown: ["stage-only"],
  };
  const cases = states.flatMap((setupState) => TRIGGERS.map((wish) => ({ setupState, wish })));

  test.each(cases)("for $wish in a guest that is $setupState", ({ setupState, wish }) => {
    const consider = () => considerTriggers({ ...SIGNS, setupState }, wish);
    if (safe[setupState].includes(wish)) expect(chosenIn(consider())).toEqual([wish]);
    else expect(consider).toThrow(expect.objectContaining({ code: "TRIGGER_UNSAFE", kind: "unsafe" }));
  });

  test.each<{ wish: TriggerId; signs: Partial<TriggerSigns>; words: RegExp }>([
    { wish: "setup-mode", signs: { isDomainController: true }, words: /domain controller/ },
    { wish: "setup-mode", signs: { setupModeTaken: "taken" }, words: /taken$/ },
    { wish: "group-policy", signs: { localPolicyOff: "off" }, words: /off$/ },
    { wish: "group-policy", signs: { unfit: new Map([["group-policy", "odd"]]) }, words: /odd$/ },
  ])("for $wish that cannot be granted is refused with the reason", ({ wish, signs, words }) => {
    const message = expect.stringMatching(words);
    expect(() => considerTriggers({ ...SIGNS, ...signs }, wish)).toThrow(
      expect.objectContaining({ message }),
    );
  });
});

describe("a guest", () => {
  const setup = (values: TreeChange): LabGuest => ({ release: "ws2012r2", system: { Setup: values } });
  const policy = (values: TreeChange): TreeChange => ({
    Policies: { Microsoft: { Windows: { System: values } } },
  });
  const productType = (type: string | null): LabGuest => ({
    release: "ws2012r2",
    control: { Control: { ProductOptions: { ProductType: type } } },
  });
  const noSetupMode = { Setup: { SetupType: 2, CmdLine: "x.exe" } };
  const ours = armedCommandLine("C:\\Windows");

  test.each<{ that: string; guest: LabGuest; chosen: TriggerId; reason?: RegExp }>([
    { that: "is a server", guest: { release: "ws2012r2" }, chosen: "setup-mode" },
    { that: "is Windows 7", guest: { release: "win7" }, chosen: "setup-mode" },
    { that: "is a domain controller", guest: { release: "sbs2011" }, chosen: "group-policy" },
    { that: "does not say what it is", guest: productType(null), chosen: "group-policy" },
    {
      that: "is set to run a command",
      guest: setup({ SetupType: 2, CmdLine: "x.exe" }),
      chosen: "group-policy",
      reason: /SetupType = 2/,
    },
    {
      that: "keeps a command",
      guest: setup({ CmdLine: "x.exe" }),
      chosen: "group-policy",
      reason: /CmdLine/,
    },
    { that: "keeps a blank command", guest: setup({ CmdLine: " " }), chosen: "setup-mode" },
    { that: "has no command", guest: setup({ CmdLine: null }), chosen: "setup-mode" },
    {
      that: "has no setup type",
      guest: setup({ SetupType: null }),
      chosen: "group-policy",
      reason: /no SetupType/,
    },
    {
      that: "is to restart behind a command",
      guest: setup({ SetupShutdownRequired: 1 }),
      chosen: "group-policy",
      reason: /restart/,
    },
    { that: "is armed by us", guest: setup({ SetupType: 2, CmdLine: ours }), chosen: "setup-mode" },
    {
      that: "is armed by us and by others",
      guest: setup({ SetupType: 2, CmdLine: `${ours} & x.exe` }),
      chosen: "group-policy",
    },
    {
      that: "does not process local policy",
      guest: { release: "ws2012r2", system: noSetupMode, software: policy({ DisableLGPOProcessing: 1 }) },
      chosen: "stage-only",
    },
    {
      that: "processes local policy expressly",
      guest: { release: "ws2012r2", system: noSetupMode, software: policy({ DisableLGPOProcessing: 0 }) },
      chosen: "group-policy",
    },
    {
      that: "has the computer's part of its policy off",
      guest: {
        release: "ws2012r2",
        system: noSetupMode,
        volume: { "Windows/System32/GroupPolicy/gpt.ini": bytes("[General]\r\nOptions=2\r\nVersion=3\r\n") },
      },
      chosen: "stage-only",
    },
    {
      that: "has a policy that cannot be added to",
      guest: {
        release: "ws2012r2",
        system: noSetupMode,
        volume: { "Windows/System32/GroupPolicy/gpt.ini": bytes("[General]\r\nVersion=x\r\n") },
      },
      chosen: "stage-only",
    },
    {
      that: "has a policy that cannot be read",
      guest: {
        release: "ws2012r2",
        system: noSetupMode,
        volume: {
          "Windows/System32/GroupPolicy/gpt.ini": new VmguestError("NTFS_ENCRYPTED", "it is encrypted"),
        },
      },
      chosen: "stage-only",
    },
    {
      that: "is generalised",
      guest: { release: "ws2012r2", ...SETUP_STATES.generalized },
      chosen: "setup-complete",
    },
    { that: "is in audit mode", guest: { release: "ws2012r2", ...SETUP_STATES.audit }, chosen: "run-once" },
    {
      that: "was interrupted",
      guest: { release: "ws2012r2", ...SETUP_STATES.undeployable },
      chosen: "stage-only",
    },
  ])("that $that gets $chosen", ({ guest, chosen, reason }) => {
    const considered = choose(guest);
    expect(chosenIn(considered)).toEqual([chosen]);
    if (reason !== undefined) expect(considered[0]?.reason).toMatch(reason);
  });

  test("tells what the ladder stopped at, with the file", () => {
    const gpt = { "Windows/System32/GroupPolicy/gpt.ini": bytes("[General]\r\nVersion=x\r\n") };
    const considered = choose({ release: "sbs2011", volume: gpt });
    const { reason } =
      considered.find(({ trigger }) => trigger === "group-policy") ?? expect.fail("not there");
    expect(reason).toBe("Windows/System32/GroupPolicy/gpt.ini: Version is no number of 32 bits");
  });
});

describe("the product key of a generalised guest", () => {
  /** As Windows 10 has it: 1,272 bytes, the channel as UTF-16 at 0x3f8. */
  const key4 = (channel: string) => {
    const data = new Uint8Array(1272);
    data.set(encodeUtf16(channel), 0x3f8);
    return raw(3, data);
  };
  const key = (text: string) => {
    const data = new Uint8Array(164);
    data.set(bytes(text), 8);
    return raw(3, data);
  };

  test.each<{ release: LabGuest["release"]; values: TreeChange; chosen: TriggerId; warns: boolean }>([
    { release: "win8.1", values: {}, chosen: "setup-complete", warns: false },
    { release: "win8.1", values: { EditionID: "Professional" }, chosen: "setup-complete", warns: true },
    { release: "win8.1", values: { EditionID: null }, chosen: "setup-complete", warns: true },
    {
      release: "win8.1",
      values: { EditionID: "Professional", DigitalProductId4: key4("OEM:DM") },
      chosen: "group-policy",
      warns: false,
    },
    {
      release: "win8.1",
      values: { EditionID: "Core", DigitalProductId: key("00260-OEM-8992687-00095") },
      chosen: "group-policy",
      warns: false,
    },
    {
      release: "win8",
      values: { EditionID: "Core", ProductId: "00325-80000-00000-AAOEM" },
      chosen: "group-policy",
      warns: false,
    },
    {
      release: "win8",
      values: { EditionID: "Professional", DigitalProductId4: key4("Volume:GVLK") },
      chosen: "setup-complete",
      warns: false,
    },
    {
      release: "win8",
      values: { EditionID: "Professional", DigitalProductId4: key4("Retail") },
      chosen: "setup-complete",
      warns: false,
    },
    {
      release: "win7",
      values: { EditionID: "Professional", DigitalProductId4: key4("OEM:SLP") },
      chosen: "setup-complete",
      warns: false,
    },
    {
      release: "ws2012r2",
      values: { DigitalProductId4: key4("OEM:SLP") },
      chosen: "setup-complete",
      warns: false,
    },
  ])("$release, $values: $chosen", ({ release, values, chosen, warns }) => {
    const { system, software } = SETUP_STATES.generalized;
    const changed = {
      Microsoft: { ...software.Microsoft, ...(currentVersion(values)["Microsoft"] as TreeChange) },
    };
    const target = LabTarget.of({ release, system, software: changed });
    const considered = chooseTrigger(target);
    expect(chosenIn(considered)).toEqual([chosen]);
    expect(warnOfTrigger(target, considered).map(({ code }) => code)).toEqual(
      warns ? ["TRIGGER_OEM_KEY"] : [],
    );
  });

  test("does not keep a wish from being granted, with a warning", () => {
    const { system, software } = SETUP_STATES.generalized;
    const values = currentVersion({ EditionID: "Core", ProductId: "00325-80000-00000-AAOEM" });
    const changed = { Microsoft: { ...software.Microsoft, ...(values["Microsoft"] as TreeChange) } };
    const target = LabTarget.of({ release: "win8", system, software: changed });
    const considered = chooseTrigger(target, "setup-complete");
    expect(chosenIn(considered)).toEqual(["setup-complete"]);
    expect(warnOfTrigger(target, considered)[0]?.message).toMatch(
      /^the product key is one of a manufacturer/,
    );
  });
});
