import { describe, expect, test } from "vitest";
import {
  type Action,
  type ActionInput,
  chooseAction,
  type DataExchangeCondition,
  type Delivery,
  type Mechanism,
  type Status,
  type WindowsUpdateVerdict,
} from "../../src/policy/index.ts";

const MECHANISMS: readonly Mechanism[] = [
  "windows-update",
  "integration-services-disk",
  "package-manager",
  "none",
];
const VERDICTS: readonly WindowsUpdateVerdict[] = ["windows-update", "wsus", "disabled", "unknown"];
const CONDITIONS: readonly DataExchangeCondition[] = [
  "not-required",
  "enabled",
  "disabled",
  "absent",
  "unknown",
];
const STATUSES: readonly Status[] = ["current", "outdated", "missing", "unknown", "not-applicable"];
const DELIVERIES: readonly Delivery[] = ["cab", "msi", "none"];

/** Every situation there is: 4 x 4 x 5 x 5 x 3. */
const SITUATIONS: readonly ActionInput[] = MECHANISMS.flatMap((mechanism) =>
  VERDICTS.flatMap((windowsUpdate) =>
    CONDITIONS.flatMap((dataExchange) =>
      STATUSES.flatMap((status) =>
        DELIVERIES.map((delivery) => ({ mechanism, windowsUpdate, dataExchange, status, delivery })),
      ),
    ),
  ),
);

const where = (condition: (situation: ActionInput) => boolean) => {
  const found = SITUATIONS.filter(condition);
  expect(found).not.toHaveLength(0);
  return found;
};
const needsUpdate = ({ status }: ActionInput) => status === "outdated" || status === "missing";
const works = ({ dataExchange }: ActionInput) =>
  dataExchange === "not-required" || dataExchange === "enabled";
const lacksDataExchange = ({ dataExchange }: ActionInput) =>
  dataExchange === "disabled" || dataExchange === "absent";
const actionsOf = (situations: readonly ActionInput[]) => new Set(situations.map(chooseAction));

/** The table once more, cell by cell, as an administrator would argue it. */
function argue(situation: ActionInput): Action {
  const { mechanism, windowsUpdate, status, delivery } = situation;
  if (status === "current") return "none";
  if (mechanism === "package-manager") return "package-manager";
  if (status === "not-applicable") return "none";
  if (status === "unknown") return "refuse";
  if (mechanism === "none") return "refuse";
  if (mechanism === "windows-update" && windowsUpdate !== "disabled") {
    if (works(situation)) return "windows-update";
    if (windowsUpdate === "unknown" || situation.dataExchange === "unknown") return "refuse";
  }
  return delivery === "cab" ? "stage-cab" : delivery === "msi" ? "install-msi" : "refuse";
}

describe("the action", () => {
  test.each(SITUATIONS)(
    "by $mechanism, Windows Update $windowsUpdate, Data Exchange $dataExchange, $status, $delivery is the argued one",
    (situation) => {
      expect(chooseAction(situation)).toBe(argue(situation));
    },
  );

  test("is none for whatever is current", () => {
    expect(actionsOf(where(({ status }) => status === "current"))).toEqual(new Set(["none"]));
  });

  test("writes nothing where the status is not known", () => {
    expect(actionsOf(where(({ status }) => status === "unknown"))).toEqual(
      new Set(["refuse", "package-manager"]),
    );
  });

  test("never pushes a package where Windows Update is the way and may be working", () => {
    const situations = where((s) => s.mechanism === "windows-update" && s.windowsUpdate === "unknown");
    expect(actionsOf(situations)).toEqual(new Set(["none", "windows-update", "refuse"]));
  });

  test("never pushes a package where it is not known whether Data Exchange lets Windows Update work", () => {
    const situations = where(
      (s) =>
        s.mechanism === "windows-update" && s.windowsUpdate !== "disabled" && s.dataExchange === "unknown",
    );
    expect(actionsOf(situations)).toEqual(new Set(["none", "refuse"]));
  });

  test("is the CAB where Windows Update needs a Data Exchange that is not there", () => {
    const situations = where(
      (s) =>
        s.mechanism === "windows-update" &&
        s.windowsUpdate !== "unknown" &&
        lacksDataExchange(s) &&
        needsUpdate(s) &&
        s.delivery === "cab",
    );
    expect(actionsOf(situations)).toEqual(new Set(["stage-cab"]));
  });

  test("is the CAB where the guest is known not to be on Windows Update", () => {
    const situations = where(
      (s) =>
        s.mechanism === "windows-update" &&
        s.windowsUpdate === "disabled" &&
        needsUpdate(s) &&
        s.delivery === "cab",
    );
    expect(actionsOf(situations)).toEqual(new Set(["stage-cab"]));
  });

  test("is Windows Update for WSUS guests too, which get the update from there", () => {
    const situations = where(
      (s) => s.mechanism === "windows-update" && s.windowsUpdate === "wsus" && needsUpdate(s) && works(s),
    );
    expect(actionsOf(situations)).toEqual(new Set(["windows-update"]));
  });

  test("by the disk does not depend on Windows Update or Data Exchange", () => {
    const situations = where((s) => s.mechanism === "integration-services-disk" && needsUpdate(s));
    for (const situation of situations) {
      const expected = { cab: "stage-cab", msi: "install-msi", none: "refuse" }[situation.delivery];
      expect(chooseAction(situation)).toBe(expected);
    }
  });

  test("never delivers what does not serve the guest", () => {
    expect(actionsOf(where(({ delivery }) => delivery !== "cab"))).not.toContain("stage-cab");
    expect(actionsOf(where(({ delivery }) => delivery !== "msi"))).not.toContain("install-msi");
  });

  test("is the package manager's for Linux alone", () => {
    expect(actionsOf(where(({ mechanism }) => mechanism !== "package-manager"))).not.toContain(
      "package-manager",
    );
  });

  test("does nothing where no documented way leads, and calls it fine only where it is", () => {
    expect(actionsOf(where((s) => s.mechanism === "none" && needsUpdate(s)))).toEqual(new Set(["refuse"]));
  });
});
