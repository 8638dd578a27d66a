import { describe, expect, test } from "vitest";
import type { PackageOffer } from "../../src/policy/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import type { ReleaseName, WindowsOptions } from "../lab/windows.ts";
import { BEFORE, NEWEST, offer, UNSIGNED } from "../policy/offers.ts";
import { auditBytes, onlyGuest } from "./audits.ts";

const verdictOf = (windows: WindowsOptions, offered?: readonly PackageOffer[]) =>
  onlyGuest(
    auditBytes(CONTAINERS.vhdx(layGpt([windowsVolume(windows)])), offered === undefined ? {} : { offered }),
  ).verdict;

/** A vmguest.iso with both generations of the CABs. */
const DISC = [
  offer("5.x", "x86", "6.3.9600.16384"),
  offer("5.x", "x64", "6.3.9600.16384"),
  ...[BEFORE, NEWEST].flatMap((version) => [
    offer("6.x", "x86", version),
    offer("6.x", "x64", version),
    offer("6.2", "x86", version),
    offer("6.2", "x64", version),
  ]),
];

describe("an audit with packages at hand, on a Server 2012 R2 host", () => {
  test.each<[release: ReleaseName, action: string, file: string | undefined]>([
    ["xp", "install-msi", "Windows5.x"],
    ["ws2003", "install-msi", "Windows5.x"],
    ["vista", "stage-cab", "Windows6.x"],
    ["ws2008", "stage-cab", "Windows6.x"],
    ["win7", "stage-cab", "Windows6.x"],
    ["ws2008r2", "stage-cab", "Windows6.x"],
    ["win8", "stage-cab", "Windows6.2"],
    ["ws2012r2", "stage-cab", "Windows6.2"],
    ["win10", "none", undefined],
    ["ws2022", "none", undefined],
  ])("names for %s, beside %s, the file of %s", (release, action, file) => {
    const verdict = verdictOf({ release }, DISC);
    expect(verdict.action).toBe(action);
    expect(verdict.offered?.name.replace(/-HyperV.*/, "")).toBe(file);
    expect(verdict.passedOver).toHaveLength(DISC.length - (file === undefined ? 0 : 1));
    if (verdict.package !== null) expect(verdict.offered?.name).toContain(verdict.package);
  });

  test("refuses where none of them can be taken, and says why in the report", () => {
    const unsigned = DISC.map((each) => ({ ...each, signature: UNSIGNED }));
    const verdict = verdictOf({ release: "win8" }, unsigned);
    expect(verdict).toMatchObject({ status: "outdated", action: "refuse", offered: null });
    expect(verdict.reasons.join("\n")).toContain("it is not signed");
  });

  test("measures by what is offered, although there is newer", () => {
    const windows = { release: "win8", drivers: BEFORE } as const;
    expect(verdictOf(windows).status).toBe("outdated");
    expect(verdictOf(windows, [offer("6.2", "x64", BEFORE)]).status).toBe("current");
  });

  test("says nothing of packages where nobody offers any", () => {
    expect(verdictOf({ release: "win7" })).toMatchObject({
      action: "stage-cab",
      offered: null,
      passedOver: [],
    });
  });
});
